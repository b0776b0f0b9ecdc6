#include "training/files/tensorboard_tags.h"

#include <algorithm>
#include <array>

namespace runner::lvm {
namespace {

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// In their group the validation split's figures need no "val_" in front.
std::string plain_name(const std::string& key) {
  return key.starts_with("val_") ? key.substr(4) : key;
}

std::string epoch_tag(const std::string& key) {
  static constexpr std::array<std::string_view, 5> training{"loss_mse", "loss_dir", "rho", "confidence",
                                                            "lr"};
  static constexpr std::array<std::string_view, 5> system{"step_ms", "samples_per_second", "first_step_ms",
                                                          "rss_mb", "validation_s"};
  if (key.starts_with("train_")) return "train/" + key.substr(6);
  if (is_one_of(training, key)) return "train/" + key;
  if (is_one_of(system, key)) return "system/" + key;
  return "val/" + plain_name(key);
}

// Where a line stands is no figure.
bool is_place(const std::string& key) {
  return key == "step" || key == "epoch" || key == "rolled_back_to_step";
}

}  // namespace

NamedList<double> tagged(const StepRecord& step) {
  NamedList<double> scalars;
  for (const auto& [key, value] : numbers_of(step))
    if (!is_place(key)) scalars.emplace_back("step/" + key, value);
  return scalars;
}

NamedList<double> tagged(const EpochRecord& epoch, const BaselineFigures& baselines) {
  NamedList<double> scalars;
  for (const auto& [key, value] : numbers_of(epoch))
    if (!is_place(key)) scalars.emplace_back(epoch_tag(key), value);
  for (const auto& [name, figures] : baselines.figures)
    for (const auto& [key, value] : numbers_of(figures))
      scalars.emplace_back("baseline/" + name + "/" + plain_name(key), value);
  return scalars;
}

}  // namespace runner::lvm
