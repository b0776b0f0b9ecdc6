#include "jobs/smoke/report.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_file.h"
#include "base/log.h"
#include "openmp_scan/scan.h"

namespace runner::jobs {
namespace {

namespace fs = std::filesystem;

std::vector<Json> loaded_runtimes() {
  std::vector<Json> list;
  for (const runtime::Runtime& r : runtime::scan_loaded().runtimes) {
    list.push_back({{"kind", runtime::to_string(r.kind)}, {"path", r.path}, {"static", r.is_static}});
  }
  return list;
}

std::string line(const Json& runtimes, const char* whose) {
  std::string text = fmt::format("OpenMP runtimes loaded{}: {}", whose, runtimes.size());
  for (const Json& r : runtimes) {
    text += fmt::format("\n  {} {}{}", r["kind"].get<std::string>(), r["path"].get<std::string>(),
                        r["static"].get<bool>() ? " (static)" : "");
  }
  return text;
}

std::string own_part(const JobContext& context) {
  return context.arguments.value("part", "both");
}

}  // namespace

void hand_over(const JobContext& context, Json& findings) {
  const std::string folder = context.arguments.value("exchange", "");
  if (own_part(context) == "both" || folder.empty()) return;
  findings["runtimes"][own_part(context)] = loaded_runtimes();
  for (const char* other : {"faiss", "torch"}) {
    const fs::path file = fs::path(folder) / (std::string(other) + ".json");
    if (other == own_part(context) || !fs::exists(file)) continue;
    const Json theirs = read_json_file(file);
    findings[other] = theirs.at(other);
    findings["runtimes"][other] = theirs.at("runtimes").at(other);
  }
  write_file_atomically(fs::path(folder) / (own_part(context) + ".json"), json_text(findings));
}

void finish_smoke(const JobContext& context, JobResult& result) {
  Json& r = result.result;
  std::ostringstream text;
  if (!r.contains("runtimes")) r["runtimes"][own_part(context)] = loaded_runtimes();
  const bool complete = r.contains("faiss") && r.contains("torch");
  // Of two workers the last one reports.
  if (!complete && context.arguments.contains("exchange")) return;
  if (r.contains("faiss")) {
    text << fmt::format("FAISS {}: IndexFlatIP {} x {}, {} of {} found by themselves\n",
                        r["faiss"]["faiss"].get<std::string>(), r["faiss"]["ntotal"].get<int>(),
                        r["faiss"]["dimension"].get<int>(), r["faiss"]["found"].get<int>(),
                        r["faiss"]["ntotal"].get<int>());
  }
  if (r.contains("torch")) {
    text << fmt::format("libtorch {} on {}: loss {:.6f} to {:.6f}\n", r["torch"]["torch"].get<std::string>(),
                        r["torch"]["device"].get<std::string>(), r["torch"]["first_loss"].get<double>(),
                        r["torch"]["last_loss"].get<double>());
  }
  for (const auto& [part, runtimes] : r["runtimes"].items()) {
    text << line(runtimes, part == "both"    ? ""
                           : part == "torch" ? " beside libtorch"
                                             : " beside FAISS")
         << "\n";
  }
  r["passed"] = complete;
  text << (complete ? "smoke: passed" : fmt::format("smoke: {} part passed", own_part(context)));
  result.summary = text.str();
}

}  // namespace runner::jobs
