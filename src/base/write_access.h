#pragma once
// Who else may write where this process writes: nobody whom the umask does not name on purpose, and no link
// that another user has laid leads it elsewhere.

#include <filesystem>
#include <string>

namespace runner {

// First thing in each process. A umask that lets everybody write (000) was thought of by nobody: it becomes
// 022. Others stay, 002 of a group that shares its folders too. Programs that this process executes find it
// as it was: restore_umask().
void keep_others_from_writing();
void restore_umask();

// "" when every link on the way to `path`, and `path` itself if it is one, may be followed; else what is in
// the way and the way out. A link may not when it lies in a folder that everybody may write, and belongs
// neither to this user nor to the folder's owner: what Linux's fs.protected_symlinks refuses in sticky
// folders, here in others too and on every system.
std::string foreign_link_on(const std::filesystem::path& path);
// RunError for one.
void refuse_foreign_links(const std::filesystem::path& path);

}  // namespace runner
