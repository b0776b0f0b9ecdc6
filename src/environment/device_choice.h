#pragma once
// Which device a job runs on: requested, reason, actual. The probe comes from the layer that knows libtorch.

#include <functional>
#include <string>

#include "base/json.h"
#include "environment/device_policy.h"

namespace runner::runtime {

struct Device {
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;  // of CUDA devices
  bool operator==(const Device&) const = default;
};
std::string to_string(const Device& device);  // "cpu", "mps", "cuda:1"

// True for auto, cpu, mps, cuda and cuda:N.
bool is_device_name(const std::string& text);
// Throws UsageError, naming `place`, for anything else; "auto" is no device either.
Device parse_device(const std::string& text, const std::string& place);

// Tries a device: "" when a small computation on it works, else why not.
using DeviceProbe = std::function<std::string(const Device&)>;

struct DeviceChoice {
  std::string requested;  // "auto", "cuda:1"
  Device actual;
  bool fell_back = false;  // a device asked for by name did not work
  std::string reason;      // "mps: not built for it; cuda: no device; cpu works"
};

// auto tries mps, cuda, cpu. A named device that fails falls back to the next of these only with `fallback`,
// else EnvironmentError. `place` is for messages: "RUNNER_DEVICE", "--device", "configs/x.yaml:4".
DeviceChoice choose_device(const std::string& requested, bool fallback, const DeviceProbe& probe,
                           const std::string& place = "device");

// One line for the log: "device: requested auto, actual cpu (mps: …)".
std::string describe(const DeviceChoice& choice);
Json to_json(const DeviceChoice& choice);

}  // namespace runner::runtime
