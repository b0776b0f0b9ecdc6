#include "openmp_scan/loader/loaded.h"

#include <dlfcn.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#else
#include <link.h>
#endif

#include <filesystem>
#include <set>

#include "openmp_scan/loader/mapped.h"

namespace runner::runtime {

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
