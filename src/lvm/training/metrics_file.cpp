#include "lvm/training/metrics_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_file.h"
#include "base/log.h"

namespace runner::lvm {
namespace fs = std::filesystem;

namespace {

// All of `text` behind what the file holds, or the file as it was. Returns errno, or 0.
int append(const fs::path& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  struct stat before {};
  int code = ::fstat(fd, &before) == 0 ? 0 : errno;
  for (std::size_t at = 0; code == 0 && at < text.size();) {
    const ssize_t n = ::write(fd, text.data() + at, text.size() - at);
    if (n >= 0)
      at += static_cast<std::size_t>(n);
    else if (errno != EINTR)
      code = errno;
  }
  if (code != 0 && ::ftruncate(fd, before.st_size) != 0) code = errno;
  ::close(fd);
  return code;
}

bool is_epoch(const Json& line) {
  return line.contains("val_loss");
}

bool is_among(const Json& line, const Json& epochs) {
  for (const Json& epoch : epochs)
    if (integer_in(epoch, "epoch") == integer_in(line, "epoch") &&
        integer_in(epoch, "step") == integer_in(line, "step"))
      return true;
  return false;
}

// Nothing for a line that a kill has torn.
std::optional<Json> line_of(const std::string& text) {
  try {
    Json line = parse_json(text, "");
    return line.is_object() ? std::optional(std::move(line)) : std::nullopt;
  } catch (const DataError&) {
    return std::nullopt;
  }
}

}  // namespace

void MetricsFile::add(const Json& line) {
  pending_ += json_text(line) + "\n";
  const int code = append(path_, pending_);
  if (code == 0) {
    pending_.clear();
  } else if (!warned_) {
    warned_ = true;
    spdlog::warn("{}: cannot be written: {}; the run goes on, and its lines are tried again", path_.string(),
                 std::strerror(code));
  }
}

void MetricsFile::keep_until(std::int64_t step, const Json& epochs) const {
  std::error_code error;
  if (!fs::exists(path_, error)) return;
  std::ifstream in(path_);
  std::string kept;
  for (std::string text; std::getline(in, text);) {
    const std::optional<Json> line = line_of(text);
    if (!line || integer_in(*line, "step") > step) continue;
    if (!is_epoch(*line) || is_among(*line, epochs)) kept += text + "\n";
  }
  write_file_atomically(path_, kept);
}

void MetricsFile::flush_to_disk() const {
  const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

void MetricsFile::clear() const {
  std::error_code error;
  if (fs::exists(path_, error)) write_file_atomically(path_, "");
}

}  // namespace runner::lvm
