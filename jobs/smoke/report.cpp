#include "jobs/smoke/report.h"

#include <unistd.h>

#include <filesystem>
#include <vector>

#include "base/atomic_file.h"
#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "openmp_scan/loader/loaded.h"
#include "openmp_scan/scan.h"
#include "report/block.h"

namespace runner::jobs {
namespace {

namespace fs = std::filesystem;

std::vector<LoadedRuntime> loaded_runtimes() {
  std::vector<LoadedRuntime> list;
  for (const runtime::Runtime& r : runtime::scan_loaded().runtimes)
    list.push_back({runtime::to_string(r.kind), r.path, r.is_static});
  return list;
}

void add_line(const std::vector<LoadedRuntime>& runtimes, const char* whose, report::Block& block) {
  std::vector<std::string> lines{fmt::format("OpenMP runtimes loaded{}: {}", whose, runtimes.size())};
  for (const LoadedRuntime& r : runtimes)
    lines.push_back(fmt::format("{} {}{}", r.kind, r.path, r.is_static ? " (static)" : ""));
  block.add_list("openmp", std::move(lines));
}

// Takes in what the other part has left, and leaves `findings` for it.
void exchange(const fs::path& folder, const std::string& own, SmokeResult& findings) {
  for (const std::string other : {"faiss", "torch"}) {
    const fs::path file = folder / (other + ".json");
    if (other == own || !fs::exists(file)) continue;
    const auto theirs = record_from<SmokeResult>(read_json_file(file), file.string());
    if (!findings.faiss) findings.faiss = theirs.faiss;
    if (!findings.torch) findings.torch = theirs.torch;
    findings.runtimes.insert(findings.runtimes.end(), theirs.runtimes.begin(), theirs.runtimes.end());
  }
  write_file_atomically(folder / (own + ".json"), json_text(findings));
}

std::string report(const SmokeResult& findings, const std::string& own) {
  report::Block block;
  if (const auto& f = findings.faiss)
    block.add("faiss", {f->faiss, fmt::format("IndexFlatIP {} x {}", f->ntotal, f->dimension),
                        fmt::format("{} of {} found by themselves", f->found, f->ntotal)});
  if (const auto& t = findings.torch)
    block.add("libtorch",
              {t->torch, t->device, fmt::format("loss {:.6f} to {:.6f}", t->first_loss, t->last_loss)});
  for (const auto& [part, runtimes] : findings.runtimes)
    add_line(runtimes, part == "both" ? "" : part == "torch" ? " beside libtorch" : " beside FAISS", block);
  return block.text(report::block_width(STDOUT_FILENO)) +
         (findings.is_complete() ? "smoke: passed" : fmt::format("smoke: {} part passed", own));
}

}  // namespace

void finish_smoke(const JobContext& context, SmokeResult findings, JobResult& result) {
  const std::string own = context.arguments.part.empty() ? "both" : context.arguments.part;
  const std::string& folder = context.arguments.exchange;
  findings.runtimes.emplace_back(own, loaded_runtimes());
  if (!folder.empty()) exchange(folder, own, findings);
  // Of two workers the last one reports.
  if (findings.is_complete() || folder.empty()) {
    findings.passed = findings.is_complete();
    result.summary = report(findings, own);
  }
  result.result = findings;
}

}  // namespace runner::jobs
