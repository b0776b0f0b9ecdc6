#include "openmp_scan/loader/mapped.h"

#include <set>

#include "openmp_scan/verdict/collect.h"

namespace runner::runtime {

ScanResult scan_mapped(const std::vector<std::string>& paths, const ScanOptions& options) {
  Closure closure;
  const std::vector<std::filesystem::path> all(paths.begin(), paths.end());
  FileStore store(options.use_cache ? cache_file(cache_folder(options.cache_folder), all)
                                    : std::filesystem::path());
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
#ifdef __APPLE__
  closure.format = BinaryFormat::macho;
#endif
  ScanResult result;
  for (const std::string& path : paths) {
    FileStamp stamp;
    LoadedFile file;
    file.path = file.asked_as = path;
    if (FileStore::stamp(path, stamp)) {
      if (!seen.emplace(stamp.device, stamp.inode).second) continue;
      file.file = store.get(path, stamp);
      if (!file.file->is_binary) continue;  // a mapped data file
      if (!file.file->images.empty()) file.image = &file.file->images.front();
      if (file.image && closure.arch.empty()) closure.arch = file.image->arch;
      if (!file.file->problem.empty()) result.problems.push_back(path + ": " + file.file->problem);
    }
    closure.files.push_back(std::move(file));
  }
  // Who asks for whom is told by the names: the first file that needs this one's soname.
  for (std::size_t i = 0; i < closure.files.size(); ++i) {
    const std::string leaf = closure.files[i].path.substr(closure.files[i].path.rfind('/') + 1);
    const std::string soname = closure.files[i].image ? closure.files[i].image->name : leaf;
    for (std::size_t k = 0; k < closure.files.size() && closure.files[i].parent < 0; ++k) {
      if (k == i || closure.files[k].image == nullptr) continue;
      for (const Need& need : closure.files[k].image->needed)
        if (need.name == soname || need.name.ends_with("/" + leaf))
          closure.files[i].parent = static_cast<int>(k);
    }
  }
  store.save();
  break_cycles(closure);
  collect(closure, options, result);
  return result;
}

void break_cycles(Closure& closure) {
  for (std::size_t i = 0; i < closure.files.size(); ++i) {
    std::size_t steps = 0;
    for (int at = static_cast<int>(i); at >= 0; at = closure.files[static_cast<std::size_t>(at)].parent)
      if (++steps > closure.files.size()) {
        closure.files[static_cast<std::size_t>(at)].parent = -1;
        break;
      }
  }
}

}  // namespace runner::runtime
