#pragma once
// Files that appear whole or not at all: written under a temporary name beside the target, fsynced, renamed,
// and the folder fsynced. The last good file stays until the new one is complete.

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace runner {

// What commit() does when the name is taken: replaces a regular file (and nothing else), or takes the next
// free name, NAME_2.EXT, NAME_3.EXT: for names that are unique only by the clock.
enum class IfTaken { replace, count_on };

class AtomicFile {
 public:
  // Opens a new file beside the target (base/temporary_name.h). Creates the parent folders. Removes what
  // killed writers of this target left. Throws RunError.
  explicit AtomicFile(std::filesystem::path target, IfTaken if_taken = IfTaken::replace);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();  // without commit(), the temporary file is removed

  void write(const void* bytes, std::size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void flush_to_disk();  // fsync
  // fsync if not yet done, the new name, fsync of the folder. Throws RunError, and changes nothing, when
  // something else than a regular file stands there by now.
  void commit();

  int fd() const { return fd_; }
  const std::filesystem::path& temporary() const { return temporary_; }
  // The name asked for; after commit() the name that the file has.
  const std::filesystem::path& target() const { return target_; }

 private:
  std::filesystem::path target_, temporary_;
  IfTaken if_taken_;
  int fd_ = -1;
  bool synced_ = false;
};

void write_file_atomically(const std::filesystem::path& target, std::string_view contents);

// Whether a link that points to `to` is one that we made and may replace.
using IsOurs = std::function<bool(const std::filesystem::path& to)>;
// As all our links do: to a plain name in the link's own folder.
bool points_beside(const std::filesystem::path& to);
// Makes `link` point to `to`: a new link where nothing stands, in place of the old where a link of ours does,
// never absent in between. Anything else there stays as it is: UsageError. RunError where the system refuses.
void replace_symlink(const std::filesystem::path& to, const std::filesystem::path& link,
                     const IsOurs& is_ours = points_beside);

void fsync_folder(const std::filesystem::path& folder);
// "a file", "a folder", "a link", "a fifo", "a socket", "a device".
std::string describe_kind(::mode_t mode);
// NAME for 1, NAME_2.EXT and so on.
std::filesystem::path numbered(const std::filesystem::path& name, int number);
// Whole contents; throws RunError, or DataError for what is no regular file, naming it.
std::string read_file(const std::filesystem::path& path);

}  // namespace runner
