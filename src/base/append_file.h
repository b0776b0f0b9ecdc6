#pragma once
// A file that grows while a run goes on. What stands under its name already may be anyone's: no link is
// followed, and nothing but a regular file is written to.

#include <filesystem>
#include <string_view>

namespace runner {

class AppendFile {
 public:
  // Creates the file or goes on behind what it holds. Throws RunError.
  explicit AppendFile(std::filesystem::path path);
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  ~AppendFile();

  // All of `text`, or the file stays as it was: a full disk tears no line. Throws RunError.
  void add(std::string_view text);
  // fsync; whether it worked is for the next write to tell.
  void flush_to_disk() const;

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace runner
