#include "jobs/train/identity.h"

#include <torch/torch.h>

#include <algorithm>

#include "base/cpu_features.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/mistakes.h"
#include "config/dump.h"
#include "config/values.h"
#include "jobs/job_type.h"
#include "jobs/train/options.h"
#include "models/torch_version.h"

namespace runner::jobs {
namespace {

bool cannot_change_a_result(const std::string& key) {
  for (const char* prefix : {"environment.", "checkpoint.", "baselines.", "device", "plan."})
    if (key.rfind(prefix, 0) == 0) return true;
  return key == "output" || key == "name" || key == "train.log_every" || key == "job";
}

void compare_objects(const Json& saved, const Json& now, const std::vector<std::string>& allowed,
                     bool all_allowed, std::vector<Difference>& out) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : saved.items()) keys.push_back(key);
  for (const auto& [key, value] : now.items())
    if (!saved.contains(key)) keys.push_back(key);
  for (const std::string& key : keys) {
    const std::string before = saved.contains(key) ? json_text(saved[key]) : "absent";
    const std::string after = now.contains(key) ? json_text(now[key]) : "absent";
    if (before == after) continue;
    const bool pass = all_allowed || std::find(allowed.begin(), allowed.end(), key) != allowed.end();
    out.push_back({key + ": " + before + ", now " + after, pass});
  }
}

NamedList<std::string> comparable_values(const config::Binder& binder) {
  NamedList<std::string> values = config::values(binder);
  std::erase_if(values, [](const auto& value) { return cannot_change_a_result(value.first); });
  return values;
}

// Keys that are newer than the checkpoint: it was trained with what is their default.
RunIdentity with_newer_keys(RunIdentity saved) {
  JobOptionsOf<TrainOptions> options;
  config::Binder binder;
  options.declare_all(binder);
  for (const auto& [key, value] : comparable_values(binder))
    if (find_named(saved.config, key) == nullptr) saved.config.emplace_back(key, value);
  return saved;
}

}  // namespace

NamedList<std::string> comparable_config(const Json& config) {
  JobOptionsOf<TrainOptions> options;
  config::Binder binder;
  options.declare_all(binder);
  config::take_values(binder, config);
  return comparable_values(binder);
}

MachineRecord machine_record(const LaunchRecord& launch) {
  const lvm::cpu::CpuFeatures& cpu = lvm::cpu::cpu_features();
  MachineRecord record;
  record.threads = at::get_num_threads();
  record.blas_kernels = launch.openblas_core.value_or("");
  record.libtorch = lvm::torch_version();
  if (cpu.neon)
    record.cpu = fmt::format("neon bf16 {}", cpu.neon_bf16);
  else
    record.cpu = fmt::format("avx2 {} avx512 {} avx512_bf16 {} amx {}", cpu.avx2, cpu.avx512, cpu.avx512_bf16,
                             cpu.amx_bf16);
  return record;
}

RunIdentity without_places(RunIdentity identity) {
  std::erase_if(identity.config,
                [](const auto& key) { return key.first == "data.vectors" || key.first == "data.sequences"; });
  for (InputRecord& file : identity.data.files) file.path.clear();
  return identity;
}

std::vector<Difference> differences(const RunIdentity& saved, const RunIdentity& now) {
  std::vector<Difference> out;
  RunIdentity before = without_places(with_newer_keys(saved));
  const RunIdentity after = without_places(now);
  // Newer than the checkpoint: its engine had none but its own.
  if (before.machine.products.empty() && after.machine.products == "own") before.machine.products = "own";
  compare_objects(object_of(before.config), object_of(after.config),
                  {"train.epochs", "train.batch_size", "train.accumulate", "train.gradients",
                   "train.products", "optimizer.lr", "health.on_bad_value", "health.max_skipped"},
                  false, out);
  compare_objects(before.data, after.data, {}, false, out);
  compare_objects(before.machine, after.machine, {}, true, out);
  return out;
}

namespace {

// State is the same for any number of ranks, and with it the threads that each has; told, and no difference.
void note_ranks(MachineRecord& before, MachineRecord& after) {
  const std::int64_t was = std::max<std::int64_t>(1, before.ranks),
                     is = std::max<std::int64_t>(1, after.ranks);
  before.ranks = after.ranks = 0;
  if (was == is) return;
  before.threads = after.threads;
  before.products = after.products;  // auto measures only for one process
  spdlog::info(
      "resuming with {} {} what {} trained: the batch is now {} × train.batch_size × train.accumulate", is,
      is == 1 ? "rank" : "ranks", was, is);
}

}  // namespace

void compare_identities(const RunIdentity& saved_identity, const RunIdentity& identity_now,
                        bool allow_changed, const std::string& place) {
  RunIdentity saved = saved_identity, now = identity_now;
  note_ranks(saved.machine, now.machine);
  std::string refused;
  std::vector<Mistake> mistakes;
  for (const Difference& difference : differences(saved, now)) {
    if (difference.allowed && allow_changed) {
      spdlog::warn("resuming although this changed: {}", difference.what);
      continue;
    }
    const std::string what = difference.what + (difference.allowed ? "  (--allow-changed lets it pass)" : "");
    refused += "\n  " + what;
    mistakes.push_back({place, "", what});
  }
  if (refused.empty()) return;
  throw Mistakes("cannot go on from this checkpoint: changed since it was written:" + refused +
                     "\nStart a new run with another --output, or undo the change",
                 std::move(mistakes), place);
}

}  // namespace runner::jobs
