#pragma once
// The training loss: base terms and a P6b recipe. All of it stays on the device: no value is read back, so
// that a step costs no synchronisation and can be captured in a CUDA graph (one graph a phase and directional
// scale).

#include <torch/torch.h>

#include <array>
#include <utility>
#include <vector>

#include "losses/loss_options.h"
#include "models/model.h"
#include "models/unit_vectors.h"

namespace runner::lvm {

// `total` is to be differentiated; all else is detached, zero-dimensional float32 on the device. Parts that
// the recipe does not have are undefined tensors.
struct LossParts {
  torch::Tensor total;
  torch::Tensor cosine;                         // mean over rows of cos(pred, target), before the update
  torch::Tensor loss_mse;                       // mean((raw - target)^2)
  torch::Tensor loss_base;                      // M: all base terms
  torch::Tensor loss_dir;                       // lambda * dir as added: 0 when skipped
  torch::Tensor pos_floor, norm_pen, orth_pen;  // unweighted
  torch::Tensor rho;         // reported share: p6b_v23 after the controller, p6b_v21 before its cap
  torch::Tensor confidence;  // the gate's factor
  torch::Tensor cos_pred_target;
  torch::Tensor neg_cos_count;         // 1 when the directional term was skipped in this step, else 0
  double rho_target = 0, rho_cap = 0;  // of the phase (p6b_v23)
  // Optional base terms that are on, unweighted, by their key: "info_nce", "moment", …
  std::vector<std::pair<const char*, torch::Tensor>> optional_terms;

  // What is defined of the above and of the optional terms, `total` first.
  std::vector<torch::Tensor*> values();

  // Every term with its metric name, for the search for the one that went bad.
  std::vector<std::pair<const char*, torch::Tensor>> named() const;
};

// The parts that are single values, `total` first.
inline constexpr std::array<torch::Tensor LossParts::*, 12> single_values = {
    &LossParts::total,    &LossParts::cosine,     &LossParts::loss_mse,        &LossParts::loss_base,
    &LossParts::loss_dir, &LossParts::pos_floor,  &LossParts::norm_pen,        &LossParts::orth_pen,
    &LossParts::rho,      &LossParts::confidence, &LossParts::cos_pred_target, &LossParts::neg_cos_count};

// options: from complete(). contexts [B, T, D] after augmentation, targets [B, D], float32.
// epoch0 from 0 picks the phase. directional_scale multiplies lambda: 1, or 0 after a roll-back.
LossParts compute_loss(const LossOptions& options, const Prediction& prediction,
                       const torch::Tensor& contexts, const torch::Tensor& targets, std::int64_t epoch0,
                       double directional_scale = 1.0);

}  // namespace runner::lvm
