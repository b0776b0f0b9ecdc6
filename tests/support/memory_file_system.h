#pragma once
// A file system in memory that fails, or loses power, at the call that a test says. It knows what a disk
// would still have after a power cut: contents that were flushed, names whose folder was.

#include <map>
#include <memory>
#include <string>

#include "base/file_system.h"

namespace runner::test {

// Thrown out of the call at which power goes; until restart() every call fails and changes nothing.
struct PowerCut {};

class MemoryFileSystem : public FileSystem {
 public:
  enum class Fault { none, error, power_cut };
  // What a disk has of names that were changed and whose folder was not flushed. Contents that were not
  // flushed are gone either way: a file system may write a name before what it names.
  enum class Unflushed { lost, kept };

  MemoryFileSystem();  // takes the place of the process's
  ~MemoryFileSystem() override;
  MemoryFileSystem(const MemoryFileSystem&) = delete;
  MemoryFileSystem& operator=(const MemoryFileSystem&) = delete;

  // From here on: call `at` (from 1) of those that change something ends in `fault`; an error is `code`. A
  // write that is to fail puts half of its bytes down first, and every write after it fails, as on a full
  // disk.
  void fail(Fault fault, int at, int code = 0);
  // Whether the call that was to fail has come.
  bool has_failed() const { return failed_; }
  void restart(Unflushed unflushed);

  std::string contents(const std::filesystem::path& path) const;  // follows links; "" where no file is
  std::size_t count() const { return names_.size(); }             // names, without folders

  int create(const std::filesystem::path& path) override;
  int open_to_append(const std::filesystem::path& path) override;
  int open_to_read(const std::filesystem::path& path) override;
  ssize_t write(int fd, const void* bytes, std::size_t size) override;
  int truncate(int fd, off_t size) override;
  int flush(int fd) override;
  bool has_name(int fd) override;
  int link(const std::filesystem::path& file, const std::filesystem::path& name) override;
  int symlink(const std::filesystem::path& to, const std::filesystem::path& name) override;
  int rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  int unlink(const std::filesystem::path& path) override;
  int create_folders(const std::filesystem::path& folder) override;
  int flush_folder(const std::filesystem::path& folder) override;
  mode_t mode_of(const std::filesystem::path& path) override;
  std::filesystem::path read_link(const std::filesystem::path& link) override;
  std::vector<std::filesystem::path> list(const std::filesystem::path& folder) override;

 private:
  struct File;
  struct Name {  // a file, or a link that leads to `to`
    std::shared_ptr<File> file;
    std::filesystem::path to;
  };
  using Names = std::map<std::filesystem::path, Name>;

  bool may_change();  // false with errno: this call fails
  int open(const std::filesystem::path& path, int flags);
  std::shared_ptr<File> behind(int fd) const;

  FileSystem& before_;
  Names names_, flushed_;
  Fault fault_ = Fault::none;
  int calls_left_ = 0, code_ = 0;
  bool failed_ = false, powered_ = true, full_ = false;
};

}  // namespace runner::test
