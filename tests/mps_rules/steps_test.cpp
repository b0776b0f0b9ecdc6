// The step as it is run on MPS, of every model, recipe and residual, under MPS's rules; and what it gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <cstdio>
#include <limits>

#include "engines/canary.h"
#include "engines/make_step.h"
#include "engines/placement.h"
#include "engines/whole_loss.h"
#include "mps_rules/rules.h"
#include "support/temporary_folder.h"

namespace runner::lvm {
namespace {

using test::mps::forget;
using test::mps::seen;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t width = 24, context = 5, rows = 6;

ModelSizes sizes_of(ModelType type, ResidualKind residual, bool more = false) {
  ModelOptions o;
  o.type = type;
  o.residual = residual;
  o.d_model = 32;
  if (type == ModelType::transformer) o.heads = 4, o.feedforward = 48;
  if (type == ModelType::transformer || type == ModelType::gru) o.layers = 2;
  if (type == ModelType::lstm || type == ModelType::amn) o.hidden = 32;
  if (type != ModelType::amn) o.dropout = 0.1;
  if (more) o.residual_next = true, o.positional_scalar = 0.03;
  return model_sizes(o, width, context);
}

// Every term that a recipe can have.
LossOptions all_terms(Recipe recipe) {
  LossOptions o = whole_loss(recipe);
  o.moment_weight = o.variance_weight = o.hinge_weight = o.anti_copy_weight = 0.1;
  return complete(o);
}

StepInput input_of(std::int64_t step, const torch::Device& device) {
  const CanaryBatch batch = canary_batch(rows, context, width);
  StepInput input{batch.contexts.to(device), batch.targets.to(device)};
  input.step = step;
  return input;
}

// The figures of two steps: as on MPS, or on the CPU with addmm.
std::vector<double> figures_of_two_steps(const ModelSizes& sizes, const StepOptions& options, bool on_mps) {
  auto model = make_model(sizes, std::uint64_t{7});
  torch::Device device = torch::kCPU;
  if (on_mps)
    device =
        place(*model, {{runtime::DeviceKind::mps, 0}, PrecisionChoice::fp32, rows, context, options.loss})
            .device;
  else
    model->set_compute({.addmm = true});
  const auto step =
      make_step(on_mps ? EngineChoice::fitting : EngineChoice::plain, model, options, context, device);
  std::vector<double> figures;
  for (std::int64_t s = 1; s <= 2; ++s) {
    const StepInput input = input_of(s, device);
    const test::mps::Step one;
    StepOutput out = step->run(input);
    EXPECT_TRUE(out.applied);
    figures.push_back(out.gradient_norm);
    // What the trainer reads of them is on the CPU by now.
    for (const torch::Tensor* value : out.loss.values()) figures.push_back(value->item<double>());
  }
  return figures;
}

void expect_same(const ModelSizes& sizes, const StepOptions& options) {
  forget();
  const auto there = figures_of_two_steps(sizes, options, true);
  EXPECT_THAT(seen().broken, IsEmpty());
  EXPECT_GT(seen().operators["addmm.out"], 0);
  const auto here = figures_of_two_steps(sizes, options, false);
  ASSERT_EQ(there.size(), here.size());
  for (std::size_t i = 0; i < here.size(); ++i)
    EXPECT_NEAR(there[i], here[i], 1e-4 * (1 + std::abs(here[i])));
}

TEST(MpsSteps, EveryModelRecipeAndResidualKeepsTheRulesAndGivesTheCpusFigures) {
  for (const ModelType type : {ModelType::transformer, ModelType::lstm, ModelType::gru, ModelType::amn})
    for (const Recipe recipe :
         {Recipe::mse, Recipe::cosine, Recipe::p6b_v1, Recipe::p6b_v21, Recipe::p6b_v23})
      for (const ResidualKind residual :
           {ResidualKind::none, ResidualKind::last, ResidualKind::mean, ResidualKind::learned}) {
        SCOPED_TRACE(to_word(type) + " " + to_word(recipe) + " " + to_word(residual));
        StepOptions options;
        options.loss = all_terms(recipe);
        expect_same(sizes_of(type, residual), options);
      }
}

TEST(MpsSteps, SoDoesWhatIsSwitchedOnSeldom) {
  for (const bool pieces : {false, true}) {
    StepOptions options;
    options.loss = all_terms(Recipe::p6b_v23);
    options.loss.confidence_gate = true;
    options.piece_rows = pieces ? 4 : 0;
    options.clip_norm = pieces ? 0 : 0.01;
    for (const ModelType type : {ModelType::transformer, ModelType::lstm, ModelType::gru})
      expect_same(sizes_of(type, ResidualKind::none, true), options);
  }
}

TEST(MpsSteps, ABadBatchIsFoundWithOneRead) {
  forget();
  StepOptions options;
  options.loss = all_terms(Recipe::p6b_v23);
  auto model = make_model(sizes_of(ModelType::transformer, ResidualKind::none), std::uint64_t{7});
  const auto device = place(*model, {{runtime::DeviceKind::mps, 0}}).device;
  const auto step = make_step(EngineChoice::fitting, model, options, context, device);
  StepInput input = input_of(1, device);
  input.targets = input.targets * std::numeric_limits<float>::quiet_NaN();
  const test::mps::Step one;
  EXPECT_FALSE(step->run(input).applied);
  EXPECT_THAT(seen().broken, IsEmpty());
}

// docs/macos.md names the operators of a p6b_v23 step.
TEST(MpsSteps, TheOperatorsOfAP6bStepAreThoseInTheDocs) {
  StepOptions options;
  LossOptions loss;
  loss.recipe = Recipe::p6b_v23;
  LossPhase phase;
  phase.rho = 0.15, phase.rho_cap = 0.3, phase.margin_gap = 0.02, phase.margin_ratio = 0.05;
  loss.phases = {phase};
  options.loss = complete(loss);
  auto model = make_model(sizes_of(ModelType::transformer, ResidualKind::none), std::uint64_t{7});
  const auto device = place(*model, {{runtime::DeviceKind::mps, 0}}).device;
  const auto step = make_step(EngineChoice::fitting, model, options, context, device);
  const StepInput input = input_of(1, device);
  forget();
  step->run(input);
  std::string names;
  for (const auto& [name, count] : seen().operators) names += (names.empty() ? "`" : ", `") + name + "`";
  std::printf("the operators of a p6b_v23 step: %s\n", names.c_str());
  // Another libtorch takes other operators for the same functions.
  if (TORCH_VERSION_MAJOR > 1) return;
  std::string docs = test::file_contents(RUNNER_SOURCE_DIR "/docs/macos.md");
  for (char& c : docs)
    if (c == '\n') c = ' ';
  EXPECT_THAT(docs, HasSubstr(names));
}

}  // namespace
}  // namespace runner::lvm
