#pragma once
// Temporary names beside a target, and what killed processes left under them. A writer holds a lock on its
// temporary file: what is not locked belongs to nobody any more, whatever process number has come back since.

#include <filesystem>
#include <string>

namespace runner {

// TARGET.<16 hexadecimal digits>.tmp: nobody can put a link there in advance, and
// FileSystem::create() would not follow it.
std::filesystem::path temporary_beside(const std::filesystem::path& target);

// Whether `name` is a temporary name of a file called `target`; also TARGET.<process>.tmp of older versions.
bool is_temporary_of(const std::string& name, const std::string& target);

// A new file under a temporary name beside the target, open for reading and writing, locked. Throws RunError.
struct TemporaryFile {
  std::filesystem::path path;
  int fd = -1;
};
TemporaryFile create_temporary(const std::filesystem::path& target);

// Removes what killed writers of this target left: regular files that no one holds locked.
void remove_stale_files(const std::filesystem::path& target);
// The same of links. They exist for a moment and cannot be locked: one that is in use may go as well, and
// whoever made it makes another (replace_symlink does).
void remove_stale_links(const std::filesystem::path& link);

}  // namespace runner
