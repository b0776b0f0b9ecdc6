#include "openmp_scan/scan.h"

#include <unistd.h>

#include "openmp_scan/loader/file_store.h"
#include "openmp_scan/loader/ld_cache.h"
#include "openmp_scan/verdict/collect.h"

#ifdef __APPLE__
extern char** environ;
#endif

namespace runner::runtime {

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::none:
      return "none";
    case Verdict::one:
      return "one";
    case Verdict::slow:
      return "slow";
    case Verdict::mixed:
      return "mixed";
    case Verdict::duplicate:
      break;
  }
  return "duplicate";
}

Environment current_environment() {
  Environment all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (const std::size_t equals = text.find('='); equals != std::string::npos)
      all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

bool cpu_has_avx512() {
  return cpu_hwcaps_level() == 4;
}

ScanResult scan(const std::vector<std::filesystem::path>& members, const ScanOptions& options) {
  FileStore store(options.use_cache ? cache_file(cache_folder(options.cache_folder), members)
                                    : std::filesystem::path());
  ScanResult result = scan_with(store, members, options);
  store.save();
  return result;
}

std::string leaf(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

Json to_json(const ScanResult& result) {
  Json runtimes = Json::array(), blas = Json::array();
  for (const Runtime& r : result.runtimes)
    runtimes.push_back({{"kind", to_string(r.kind)},
                        {"path", r.path},
                        {"name", r.name},
                        {"version", r.version},
                        {"needed_by", r.needed_by},
                        {"static", r.is_static},
                        {"preloaded", r.preloaded},
                        {"found", r.found}});
  for (const BlasPool& p : result.blas)
    blas.push_back({{"kind", to_string(p.kind)},
                    {"threads", to_string(p.threads)},
                    {"path", p.path},
                    {"name", p.name},
                    {"version", p.version},
                    {"needed_by", p.needed_by},
                    {"static", p.is_static}});
  return {{"members", result.members}, {"runtimes", std::move(runtimes)},
          {"blas", std::move(blas)},   {"verdict", to_string(result.verdict)},
          {"advice", result.advice},   {"warnings", result.problems},
          {"files", result.files}};
}

}  // namespace runner::runtime
