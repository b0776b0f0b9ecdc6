// Conflicts within the loss options: what a recipe needs, and what it would not read.
#include "losses/loss_options.h"

namespace runner::lvm {

namespace {

struct PhaseNumber {
  const char* name;
  std::optional<double> LossPhase::*field;
  bool v1, v21, v23;  // which recipes read it
};
constexpr PhaseNumber kPhaseNumbers[] = {
    {"margin", &LossPhase::margin, true, false, false},
    {"fraction", &LossPhase::fraction, true, true, false},
    {"rho", &LossPhase::rho, false, false, true},
    {"rho_cap", &LossPhase::rho_cap, false, false, true},
    {"margin_gap", &LossPhase::margin_gap, false, true, true},
    {"margin_ratio", &LossPhase::margin_ratio, false, true, true},
};

// A recipe's own number given to a recipe that does not read it would be silently without effect.
struct RecipeNumber {
  const char* key;
  std::optional<double> LossOptions::*field;
  bool v1, v21, v23;
};
constexpr RecipeNumber kRecipeNumbers[] = {
    {"loss.gamma", &LossOptions::gamma, true, true, true},
    {"loss.gap_share", &LossOptions::gap_share, false, true, true},
    {"loss.ratio_share", &LossOptions::ratio_share, false, true, true},
    {"loss.lambda_min", &LossOptions::lambda_min, true, true, true},
    {"loss.lambda_max", &LossOptions::lambda_max, true, true, true},
    {"loss.share_cap", &LossOptions::share_cap, false, true, false},
    {"loss.controller_low", &LossOptions::controller_low, false, false, true},
    {"loss.confidence.start", &LossOptions::confidence_start, true, true, true},
    {"loss.confidence.width", &LossOptions::confidence_width, true, true, true},
    {"loss.skip.target", &LossOptions::skip_target, true, true, true},
    {"loss.skip.prev", &LossOptions::skip_prev, true, false, false},
    {"loss.skip.weak_target", &LossOptions::weak_target, false, true, true},
    {"loss.skip.weak_prev", &LossOptions::weak_prev, false, true, true},
    {"loss.pos_floor.weight", &LossOptions::pos_floor_weight, true, true, true},
    {"loss.norm_pen.weight", &LossOptions::norm_pen_weight, true, true, true},
    {"loss.orth_pen.weight", &LossOptions::orth_pen_weight, true, true, true},
};

template <class Number>
bool reads(const Number& n, Recipe recipe) {
  return recipe == Recipe::p6b_v1    ? n.v1
         : recipe == Recipe::p6b_v21 ? n.v21
                                     : recipe == Recipe::p6b_v23 && n.v23;
}

void check_phases(const LossOptions& o, std::vector<config::Problem>& problems) {
  std::int64_t before = 0;
  for (std::size_t i = 0; i < o.phases.size(); ++i) {
    const LossPhase& p = o.phases[i];
    const bool last = i + 1 == o.phases.size();
    const std::string row = "loss.phases[" + std::to_string(i) + "].";
    if (last && p.until_epoch)
      problems.push_back({"", "loss.phases",
                          "the last row ends at epoch " + std::to_string(*p.until_epoch) +
                              "; leave its until_epoch out, it holds for all later epochs"});
    if (!last && !p.until_epoch)
      problems.push_back({"", "loss.phases", row + "until_epoch is missing; only the last row goes without"});
    if (p.until_epoch && *p.until_epoch <= before)
      problems.push_back({"", "loss.phases",
                          row + "until_epoch " + std::to_string(*p.until_epoch) +
                              " must be above the row before (" + std::to_string(before) + ")"});
    if (p.until_epoch) before = *p.until_epoch;
    for (const auto& n : kPhaseNumbers) {
      if (reads(n, o.recipe) && !(p.*n.field))
        problems.push_back(
            {"", "loss.phases", row + n.name + " is missing; " + to_word(o.recipe) + " needs it"});
      if (!reads(n, o.recipe) && (p.*n.field))
        problems.push_back(
            {"", "loss.phases", row + n.name + " has no meaning in " + to_word(o.recipe) + "; remove it"});
    }
  }
}

void check_recipe(const LossOptions& o, std::vector<config::Problem>& problems) {
  if (o.phases.empty())
    problems.push_back(
        {"", "loss.phases",
         to_word(o.recipe) + " needs its phase table, as in configs/" + to_word(o.recipe) + ".yaml"});
  check_phases(o, problems);
  for (const auto& n : kRecipeNumbers)
    if (!reads(n, o.recipe) && (o.*n.field))
      problems.push_back({"", n.key, "has no meaning in recipe " + to_word(o.recipe) + "; remove it"});
  const LossOptions full = complete(o);
  if (*full.lambda_min > *full.lambda_max)
    problems.push_back({"", "loss.lambda_min", "is above loss.lambda_max"});
}

}  // namespace

std::vector<std::string> unused_keys(const LossOptions& o) {
  std::vector<std::string> keys;
  if (is_directional(o)) return keys;
  if (!o.phases.empty()) keys.emplace_back("loss.phases");
  for (const auto& n : kRecipeNumbers)
    if (o.*n.field) keys.emplace_back(n.key);
  return keys;
}

std::vector<config::Problem> check(const LossOptions& o) {
  std::vector<config::Problem> problems;
  if (is_directional(o)) check_recipe(o, problems);
  const LossOptions full = complete(o);
  const double base = *full.mse_weight + *full.cosine_weight + o.info_nce_weight + o.moment_weight +
                      o.variance_weight + o.hinge_weight + o.anti_copy_weight;
  if (base == 0)
    problems.push_back({"", "loss." + std::string(o.recipe == Recipe::cosine ? "cosine" : "mse") + ".weight",
                        "every base term has weight 0: nothing to train on"});
  return problems;
}

}  // namespace runner::lvm
