// After loading: what is really mapped, and whether the scan had said so.

#include <dlfcn.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
extern char** environ;
#else
#include <link.h>
#include <unistd.h>
#endif

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <set>

#include "openmp_scan/loader/mapped.h"
#include "openmp_scan/verdict/collect.h"

namespace runner::runtime {

Environment current_environment() {
  Environment all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (const std::size_t equals = text.find('='); equals != std::string::npos)
      all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

namespace {

std::vector<std::string> mapped_paths() {
  std::vector<std::string> paths;
#ifdef __APPLE__
  for (std::uint32_t i = 0; i < _dyld_image_count(); ++i) paths.emplace_back(_dyld_get_image_name(i));
#else
  ::dl_iterate_phdr(
      [](struct dl_phdr_info* info, std::size_t, void* to) {
        if (info->dlpi_name != nullptr && info->dlpi_name[0] == '/')
          static_cast<std::vector<std::string>*>(to)->emplace_back(info->dlpi_name);
        return 0;
      },
      &paths);
  paths.insert(paths.begin(), "/proc/self/exe");
#endif
  return paths;
}

// Every OpenBLAS that is loaded has the function; under another name in the copies that wheels bring.
constexpr const char* corename_functions[] = {"openblas_get_corename", "openblas_get_corename64_",
                                              "scipy_openblas_get_corename",
                                              "scipy_openblas_get_corename64_"};

std::string ask_core(void* library) {
  for (const char* name : corename_functions)
    if (void* function = ::dlsym(library, name); function != nullptr)
      if (const char* core = reinterpret_cast<char* (*)()>(function)(); core != nullptr) return core;
  return "";
}

std::set<std::string> runtime_paths(const ScanResult& result) {
  std::set<std::string> paths;
  for (const Runtime& r : result.runtimes) {
    std::error_code error;
    const auto real = std::filesystem::canonical(r.path, error);
    paths.insert(error ? r.path : real.string());
  }
  return paths;
}

}  // namespace

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

ScanResult scan_loaded() {
  ScanOptions options;
  options.cpu_has_avx512 = cpu_has_avx512();
  options.under_bootstrap = false;
  return scan_mapped(mapped_paths(), options);
}

std::vector<std::string> differences(const ScanResult& predicted, const ScanResult& loaded) {
  std::vector<std::string> lines;
  const std::set<std::string> before = runtime_paths(predicted), now = runtime_paths(loaded);
  for (const std::string& path : now)
    if (!before.contains(path)) lines.push_back("loaded, but not foreseen by the scan: " + path);
  for (const std::string& path : before)
    if (!now.contains(path)) lines.push_back("foreseen by the scan, but not loaded: " + path);
  return lines;
}

std::string loaded_openblas_core() {
  if (std::string core = ask_core(RTLD_DEFAULT); !core.empty()) return core;
  for (const std::string& path : mapped_paths()) {
    if (path.find("blas") == std::string::npos) continue;
    void* library = ::dlopen(path.c_str(), RTLD_NOLOAD | RTLD_LAZY);
    if (library == nullptr) continue;
    std::string core = ask_core(library);
    ::dlclose(library);
    if (!core.empty()) return core;
  }
  return "";
}

}  // namespace runner::runtime
