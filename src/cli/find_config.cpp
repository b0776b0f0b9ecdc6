#include "cli/find_config.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <set>

#include "base/error.h"
#include "base/input_file.h"
#include "base/log.h"
#include "config/suggest.h"
#include "worker/launch/paths.h"

namespace runner::cli {
namespace fs = std::filesystem;

fs::path share_folder() {
  const fs::path share = runtime::program_path().parent_path().parent_path() / "share" / "runner";
  std::error_code error;
  return fs::is_directory(share, error) ? share : fs::path();
}

std::vector<std::string> short_config_names() {
  std::vector<fs::path> folders = {"configs"};
  if (const fs::path share = share_folder(); !share.empty()) folders.push_back(share / "configs");
  std::set<std::string> names;
  std::error_code error;
  for (const fs::path& folder : folders)
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (entry.path().extension() == ".yaml") names.insert(entry.path().stem().string());
  return {names.begin(), names.end()};
}

namespace {

// Behind a name that no file has: the nearest one, and all.
std::string what_there_is(const std::string& name) {
  const std::vector<std::string> names = short_config_names();
  if (names.empty()) return "";
  const std::string guess = config::closest(fs::path(name).stem().string(), names);
  return fmt::format("{}; there are {}", guess.empty() ? "" : " (did you mean " + guess + "?)",
                     fmt::join(names, ", "));
}

}  // namespace

fs::path find_config(const std::string& name) {
  std::vector<fs::path> places = {name};
  const bool short_name = name.find('/') == std::string::npos;
  const std::string file = short_name && !name.ends_with(".yaml") ? name + ".yaml" : name;
  if (short_name) places.push_back(fs::path("configs") / file);
  if (const fs::path share = share_folder(); !share.empty())
    places.push_back(share / "configs" / fs::path(file).filename());
  std::string tried;
  for (const fs::path& place : places) {
    std::error_code error;
    if (fs::is_regular_file(place, error) || fs::is_fifo(place, error)) return place;
    tried += (tried.empty() ? "" : ", ") + place.string();
  }
  throw UsageError("no such config file (looked at " + tried + ")" + what_there_is(name), name);
}

namespace {

constexpr std::size_t most_bytes = std::size_t{4} << 20;
constexpr int for_a_writer_ms = 2'000, for_the_next_piece_ms = 60'000;

std::string read_pipe(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) throw UsageError(std::string("cannot read: ") + std::strerror(errno), path.string());
  std::string text;
  bool connected = false, ended = false, patient = true;  // connected: somebody has it open for writing
  while (!ended && patient && text.size() <= most_bytes) {
    char buffer[65536];
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
    connected = connected || got != 0;
    ended = (got == 0 && connected) || (got < 0 && errno != EAGAIN && errno != EINTR);
    if (got > 0 || ended) continue;
    pollfd wait{fd, POLLIN, 0};
    patient = ::poll(&wait, 1, connected ? for_the_next_piece_ms : for_a_writer_ms) > 0;
    connected = true;
  }
  ::close(fd);
  if (!ended) throw UsageError("is a pipe into which nobody writes, or that does not end", path.string());
  return text;
}

}  // namespace

std::string read_config(const fs::path& path) {
  static std::map<fs::path, std::string> pipes;
  std::error_code error;
  if (const auto known = pipes.find(path); known != pipes.end()) return known->second;
  if (fs::is_fifo(path, error)) return pipes[path] = read_pipe(path);
  try {
    return read_regular_file(path, most_bytes);
  } catch (const Error& failure) {
    throw UsageError(failure.what(), failure.place());
  }
}

}  // namespace runner::cli
