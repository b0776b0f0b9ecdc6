#include "environment/device_choice.h"

#include <charconv>
#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "base/log.h"

namespace runner::runtime {
namespace {

constexpr const char* expected = "expected auto, cpu, mps, cuda or cuda:N";

// The number after "cuda:", or -1 when the rest is none.
int cuda_index(const std::string& text) {
  const std::string digits = text.substr(5);
  int index = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  return whole ? index : -1;
}

bool read_device(const std::string& text, Device& device) {
  if (text == "cpu" || text == "mps" || text == "cuda") {
    device = {text == "cpu" ? DeviceKind::cpu : text == "mps" ? DeviceKind::mps : DeviceKind::cuda, 0};
    return true;
  }
  if (!text.starts_with("cuda:")) return false;
  device = {DeviceKind::cuda, cuda_index(text)};
  return device.index >= 0;
}

// Tries the candidates in their order, collecting why each failed. Throws when none works.
DeviceChoice first_that_works(DeviceChoice choice, const std::vector<Device>& candidates,
                              const DeviceProbe& probe, const std::string& place) {
  for (const Device& candidate : candidates) {
    const std::string problem = probe(candidate);
    if (!choice.reason.empty()) choice.reason += "; ";
    choice.reason += to_string(candidate) + (problem.empty() ? " works" : ": " + problem);
    if (!problem.empty()) continue;
    choice.actual = candidate;
    return choice;
  }
  throw EnvironmentError(
      "no device works (" + choice.reason + "); `runner doctor` shows what this machine has", place);
}

std::vector<Device> in_order_without(const Device& failed) {
  std::vector<Device> order;
  for (const Device device :
       {Device{DeviceKind::mps, 0}, Device{DeviceKind::cuda, 0}, Device{DeviceKind::cpu, 0}})
    if (device.kind != failed.kind) order.push_back(device);
  return order;
}

[[noreturn]] void refuse(const std::string& requested, const std::string& why, const std::string& place) {
  throw EnvironmentError("device " + requested + " does not work: " + why +
                             "; use device: auto, or device_fallback: true to go on with another",
                         place);
}

}  // namespace

std::string to_string(const Device& device) {
  if (device.kind != DeviceKind::cuda) return to_string(device.kind);
  return "cuda:" + std::to_string(device.index);
}

bool is_device_name(const std::string& text) {
  Device ignored;
  return text == "auto" || read_device(text, ignored);
}

Device parse_device(const std::string& text, const std::string& place) {
  Device device;
  if (!read_device(text, device)) throw UsageError("unknown device " + text + ", " + expected, place);
  return device;
}

DeviceChoice choose_device(const std::string& requested, bool fallback, const DeviceProbe& probe,
                           const std::string& place) {
  DeviceChoice choice;
  choice.requested = requested;
  if (requested == "auto")
    return first_that_works(choice, {{DeviceKind::mps, 0}, {DeviceKind::cuda, 0}, {DeviceKind::cpu, 0}},
                            probe, place);
  choice.actual = parse_device(requested, place);
  const std::string problem = probe(choice.actual);
  if (problem.empty()) {
    choice.reason = requested + " works";
    return choice;
  }
  if (!fallback) refuse(requested, problem, place);
  choice.fell_back = true;
  choice.reason = requested + ": " + problem;
  return first_that_works(choice, in_order_without(choice.actual), probe, place);
}

std::string describe(const DeviceChoice& choice) {
  return fmt::format("device: requested {}, actual {} ({})", choice.requested, to_string(choice.actual),
                     choice.reason);
}

Json to_json(const DeviceChoice& choice) {
  return Json{{"requested", choice.requested},
              {"actual", to_string(choice.actual)},
              {"fell_back", choice.fell_back},
              {"reason", choice.reason}};
}

}  // namespace runner::runtime
