#include "losses/loss.h"

#include "losses/base_loss.h"
#include "losses/recipe.h"

namespace runner::lvm {

std::vector<std::pair<const char*, torch::Tensor>> LossParts::named() const {
  std::vector<std::pair<const char*, torch::Tensor>> all{{"loss_mse", loss_mse}};
  all.insert(all.end(), optional_terms.begin(), optional_terms.end());
  const std::pair<const char*, torch::Tensor> rest[] = {{"loss_dir", loss_dir},
                                                        {"loss_pos_floor", pos_floor},
                                                        {"loss_norm_pen", norm_pen},
                                                        {"loss_orth_pen", orth_pen},
                                                        {"train_loss", total}};
  for (const auto& item : rest)
    if (item.second.defined()) all.push_back(item);
  return all;
}

std::vector<torch::Tensor*> LossParts::values() {
  std::vector<torch::Tensor*> all;
  for (const auto part : single_values)
    if ((this->*part).defined()) all.push_back(&(this->*part));
  for (auto& term : optional_terms) all.push_back(&term.second);
  return all;
}

LossParts compute_loss(const LossOptions& options, const Prediction& prediction,
                       const torch::Tensor& contexts, const torch::Tensor& targets, std::int64_t epoch0,
                       double directional_scale) {
  LossParts parts;
  parts.total = base_loss(options, prediction, contexts, targets, parts);
  parts.loss_base = parts.total.detach();
  if (!is_directional(options)) {
    parts.cosine = row_cosine(prediction.cos.detach(), targets).mean();
  } else {
    add_recipe(options, phase_of(options, epoch0), prediction.cos, contexts, targets, directional_scale,
               parts);
  }
  return parts;
}

}  // namespace runner::lvm
