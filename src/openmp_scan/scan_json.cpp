#include "openmp_scan/scan.h"

namespace runner::runtime {

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
          {"advice", result.advice},   {"problems", result.problems},
          {"files", result.files}};
}

}  // namespace runner::runtime
