#include "worker/launch/paths.h"

#include <unistd.h>

#include <cstdint>
#include <vector>

#include "base/error.h"

#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

namespace runner::runtime {

namespace fs = std::filesystem;

fs::path program_path() {
#ifdef __APPLE__
  std::uint32_t size = 0;
  ::_NSGetExecutablePath(nullptr, &size);
  std::vector<char> path(size + 1);
  if (::_NSGetExecutablePath(path.data(), &size) == 0) return fs::canonical(path.data());
#else
  std::error_code error;
  fs::path path = fs::read_symlink("/proc/self/exe", error);
  if (!error) return path;
#endif
  throw EnvironmentError("cannot find the program's own path (is /proc mounted?)", "runner");
}

fs::path plugin_folder() {
  const fs::path beside = program_path().parent_path();
  const fs::path installed = beside.parent_path() / "lib" / "runner";
  std::error_code ignored;
  return fs::is_directory(installed, ignored) && beside.filename() == "bin" ? installed : beside;
}

fs::path plugin_path(const std::string& plugin) {
#ifdef __APPLE__
  return plugin_folder() / (plugin + ".dylib");
#else
  return plugin_folder() / (plugin + ".so");
#endif
}

fs::path plugin_file(const std::string& plugin) {
  fs::path file = plugin_path(plugin);
  std::error_code ignored;
  if (!fs::exists(file, ignored))
    throw EnvironmentError(
        "this plug-in is not installed (was the runner built without FAISS, RUNNER_FAISS=OFF?); build it, or "
        "run "
        "`cmake --install` again",
        file.string());
  return file;
}

}  // namespace runner::runtime
