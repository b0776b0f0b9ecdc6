#include "base/signatures.h"
#include "base/transfer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>

namespace runner {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_text = 64 << 20;

// The first bytes of a regular file; "" for anything else. A fifo is not waited for.
std::string first_bytes(const fs::path& file, std::size_t most) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return "";
  struct stat info {};
  std::string bytes;
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    bytes.resize(std::min<std::size_t>(most, static_cast<std::size_t>(info.st_size)));
    const ssize_t got = read_at(fd, bytes.data(), bytes.size(), 0);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  }
  ::close(fd);
  return bytes;
}

// The whole text when it is a JSON object by its first letter, else "". Nothing is parsed: it may be
// anyone's.
std::string object_text(const fs::path& file) {
  std::string text = first_bytes(file, longest_text);
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  return start != std::string::npos && text[start] == '{' ? text : "";
}

// Whether "key" stands in the text, followed by : and the value (any when empty).
bool has_pair(const std::string& text, const std::string& key, const std::string& value) {
  const std::string quoted = "\"" + key + "\"";
  for (std::size_t at = text.find(quoted); at != std::string::npos; at = text.find(quoted, at + 1)) {
    std::size_t next = text.find_first_not_of(" \t\r\n", at + quoted.size());
    if (next == std::string::npos || text[next] != ':') continue;
    next = text.find_first_not_of(" \t\r\n", next + 1);
    if (next != std::string::npos && text.compare(next, value.size(), value) == 0) return true;
  }
  return false;
}

}  // namespace

bool is_zip(const fs::path& file) {
  const std::string bytes = first_bytes(file, 4);
  return bytes == "PK\3\4" || bytes == "PK\5\6";
}

bool is_faiss_index(const fs::path& file) {
  const std::string bytes = first_bytes(file, 32);
  if (bytes.size() < 32 || bytes[0] != 'I') return false;
  for (std::size_t i = 1; i < 4; ++i)
    if (std::isalnum(static_cast<unsigned char>(bytes[i])) == 0) return false;
  std::int64_t numbers[2];
  std::memcpy(numbers, bytes.data() + 16, sizeof numbers);  // behind the letters, int32 width, int64 rows
  return numbers[0] == 1 << 20 && numbers[1] == 1 << 20;
}

bool is_manifest_of(const std::string& job, const fs::path& file) {
  return has_pair(object_text(file), "job", "\"" + job + "\"");
}

bool is_json_object(const fs::path& file) {
  return !object_text(file).empty();
}

const std::set<std::string>& names_in_a_run() {
  static const std::set<std::string> names = {"best_model.pt", "checkpoints",           "config.json",
                                              "config.yaml",   "final_model.pt",        "manifest.json",
                                              "metrics.jsonl", "report.html",           "model.safetensors",
                                              "tensorboard",   "training_history.json", "train.log"};
  return names;
}

bool is_eval_report(const fs::path& file) {
  const std::string text = object_text(file);
  return has_pair(text, "gates", "") && has_pair(text, "passed", "") && !has_pair(text, "launch", "");
}

}  // namespace runner
