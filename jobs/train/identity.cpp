#include "jobs/train/identity.h"

#include <torch/torch.h>

#include <algorithm>

#include "base/cpu_features.h"
#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "config/resolve.h"
#include "jobs/job_type.h"
#include "jobs/train/options.h"
#include "models/torch_version.h"

namespace runner::jobs {
namespace {

bool cannot_change_a_result(const std::string& key) {
  for (const char* prefix : {"environment.", "checkpoint.", "baselines.", "device"})
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

}  // namespace

Json comparable_config(const std::string& resolved_yaml) {
  JobOptionsOf<TrainOptions> options;
  config::Binder binder;
  options.declare_all(binder);
  config::throw_if_any(config::resolve(binder, resolved_yaml, "resolved config", {}));
  Json values = Json::object();
  for (const auto& [key, value] : config::values(binder))
    if (!cannot_change_a_result(key)) values[key] = value;
  return values;
}

Json machine_record(const Json& launch) {
  const lvm::cpu::CpuFeatures& cpu = lvm::cpu::cpu_features();
  return {{"threads", at::get_num_threads()},
          {"blas_kernels", launch.value("openblas_core", "")},
          {"libtorch", lvm::torch_version()},
          {"cpu", fmt::format("avx2 {} avx512 {} avx512_bf16 {} amx {}", cpu.avx2, cpu.avx512,
                              cpu.avx512_bf16, cpu.amx_bf16)}};
}

// The same bytes from another place are the same data: what is in the files is compared, not where they are.
Json without_places(Json config) {
  config.erase("data.vectors");
  config.erase("data.sequences");
  return config;
}

Json without_paths(Json data) {
  if (data.contains("files"))
    for (Json& file : data["files"]) file.erase("path");
  return data;
}

std::vector<Difference> differences(const Json& saved, const Json& now) {
  std::vector<Difference> out;
  const Json none = Json::object();
  compare_objects(
      without_places(saved.value("config", none)), without_places(now.value("config", none)),
      {"train.epochs", "train.batch_size", "optimizer.lr", "health.on_bad_value", "health.max_skipped"},
      false, out);
  compare_objects(without_paths(saved.value("data", none)), without_paths(now.value("data", none)), {}, false,
                  out);
  compare_objects(saved.value("machine", none), now.value("machine", none), {}, true, out);
  return out;
}

void compare_identities(const Json& saved, const Json& now, bool allow_changed, const std::string& place) {
  std::string refused;
  for (const Difference& difference : differences(saved, now)) {
    if (difference.allowed && allow_changed)
      spdlog::warn("resuming although this changed: {}", difference.what);
    else
      refused += "\n  " + difference.what + (difference.allowed ? "  (--allow-changed lets it pass)" : "");
  }
  if (refused.empty()) return;
  throw UsageError("cannot go on from this checkpoint: changed since it was written:" + refused +
                       "\nStart a new run with another --output, or undo the change",
                   place);
}

}  // namespace runner::jobs
