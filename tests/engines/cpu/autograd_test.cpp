// Forward and gradients of the engine against libtorch's autograd.

#include <gtest/gtest.h>

#include "engines/cpu/dropped_model.h"
#include "engines/cpu/engine_support.h"
#include "engines/cpu/model_weights.h"
#include "models/transformer.h"

namespace runner::lvm::cpu {
namespace {

struct Errors {
  double raw = 0, gradient = 0;
  std::string where;
};

// Against the project's own model, without dropout.
Errors compare_with_model(Shape shape, std::int64_t batch, Precision precision) {
  shape.dropout = 0;
  const auto model = make_model(sizes_of(shape), 3);
  draw_weights(*model, 4);
  Engine engine(shape, precision);
  load_weights(dynamic_cast<const Transformer&>(*model), engine);
  const auto contexts = torch::randn({batch, shape.context, shape.input});
  const auto direction = torch::randn({batch, shape.output});
  model->train();
  const auto raw = model->forward(contexts).raw;
  (raw * direction).sum().backward();

  Errors errors;
  errors.raw = relative_error(run_forward(engine, contexts, true), raw.detach());
  engine.backward(direction.data_ptr<float>());
  std::map<std::string, torch::Tensor> expected;
  for (const auto& p : model->named_parameters()) expected[p.key()] = p.value().grad();
  std::tie(errors.gradient, errors.where) = worst_gradient(engine, expected);
  return errors;
}

// Against plain tensor operations that use the same dropout factors and round where the engine does.
Errors compare_with_dropout(const Shape& shape, std::int64_t batch, DropoutKey key,
                            Precision precision = Precision::fp32) {
  const auto model = make_model(sizes_of(shape), 5);
  draw_weights(*model, 6);
  Engine engine(shape, precision);
  load_weights(dynamic_cast<const Transformer&>(*model), engine);
  Weights weights;
  for (const auto& p : model->named_parameters())
    weights[p.key()] = p.value().detach().clone().requires_grad_(true);
  const auto positions = torch::from_blob(engine.positions(), {shape.context, shape.d_model}).clone();
  const auto contexts = torch::randn({batch, shape.context, shape.input});
  const auto direction = torch::randn({batch, shape.output});
  const auto raw = dropped_forward(shape, weights, positions, contexts, key, precision);
  (raw * direction).sum().backward();

  Errors errors;
  errors.raw = relative_error(run_forward(engine, contexts, true, key), raw.detach());
  engine.backward(direction.data_ptr<float>());
  std::map<std::string, torch::Tensor> expected;
  for (const auto& [name, value] : weights) expected[name] = value.grad();
  std::tie(errors.gradient, errors.where) = worst_gradient(engine, expected);
  return errors;
}

void expect_close(const Errors& errors, double raw, double gradient) {
  EXPECT_LT(errors.raw, raw);
  EXPECT_LT(errors.gradient, gradient) << "worst: " << errors.where;
}

TEST(EngineAgainstAutograd, SmallModelAgreesInFloat32) {
  expect_close(compare_with_model(small_shape(), 7, Precision::fp32), 1e-5, 1e-4);
}

TEST(EngineAgainstAutograd, RealModelAgreesInFloat32) {
  expect_close(compare_with_model(real_shape(), 6, Precision::fp32), 1e-5, 1e-4);
}

TEST(EngineAgainstAutograd, OneLayerAndOneContextVectorAgree) {
  Shape one_layer = small_shape();
  one_layer.layers = 1;
  expect_close(compare_with_model(one_layer, 5, Precision::fp32), 1e-5, 1e-4);
  Shape one_vector = small_shape();
  one_vector.context = 1;
  expect_close(compare_with_model(one_vector, 5, Precision::fp32), 1e-5, 1e-4);
}

TEST(EngineAgainstAutograd, LongContextAgrees) {
  Shape shape = small_shape();
  shape.context = 19;
  expect_close(compare_with_model(shape, 3, Precision::fp32), 1e-5, 1e-4);
}

TEST(EngineAgainstAutograd, DropoutIsAppliedAtEveryPlaceAndGoneBackThrough) {
  Shape shape = small_shape();
  shape.dropout = 0.3;
  expect_close(compare_with_dropout(shape, 7, {11, 5}), 1e-5, 1e-4);
  shape.d_model = 64;
  shape.heads = 4;
  shape.feedforward = 256;
  expect_close(compare_with_dropout(shape, 33, {12, 6}), 1e-5, 1e-4);
}

// Both sides round the same values and differ by the order of sums alone. Where that tips a rounding over,
// one value differs by 1/256, and what follows is tipped over more often: the difference grows with each
// layer.
TEST(EngineAgainstAutograd, Bfloat16RoundsOperandsAndNothingElse) {
  Shape shape = small_shape();
  shape.d_model = 96;
  shape.input = 41;
  shape.output = 41;
  shape.dropout = 0.2;
  expect_close(compare_with_dropout(shape, 7, {13, 7}, Precision::bf16), 3e-3, 1e-2);
  shape = real_shape();
  shape.layers = 1;
  expect_close(compare_with_dropout(shape, 6, {14, 8}, Precision::bf16), 4e-3, 1e-2);
  expect_close(compare_with_dropout(real_shape(), 6, {15, 9}, Precision::bf16), 6e-3, 5e-2);
}

// Against float32: each product errs by some 0.3 %.
TEST(EngineAgainstAutograd, Bfloat16IsCloseToFloat32) {
  EXPECT_LT(compare_with_model(real_shape(), 6, Precision::bf16).raw, 2e-2);
}

TEST(EngineAgainstAutograd, PositionTableIsTheModels) {
  const auto model = std::dynamic_pointer_cast<Transformer>(make_model(sizes_of(real_shape()), 1));
  Engine engine(real_shape(), Precision::fp32);
  const auto ours = torch::from_blob(engine.positions(), {real_shape().context, real_shape().d_model});
  EXPECT_LT((ours - model->position_table[0].slice(0, 0, real_shape().context)).abs().max().item<float>(),
            1e-6f);
}

}  // namespace
}  // namespace runner::lvm::cpu
