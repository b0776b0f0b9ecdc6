#include "models/recurrence.h"

#include <gtest/gtest.h>

namespace runner::lvm {
namespace {

using torch::Tensor;

constexpr std::int64_t rows = 3, in = 7, hidden = 6;

RecurrentLayer layer_of(std::int64_t gates) {
  const auto made = [&](std::vector<std::int64_t> shape) {
    return torch::randn(shape).mul_(0.4).requires_grad_();
  };
  return {made({gates * hidden, in}), made({gates * hidden, hidden}), made({gates * hidden}),
          made({gates * hidden})};
}

// libtorch's own module with the same weights, from which the gradients come in the layer's order.
template <class Module>
Tensor reference(Module module, const RecurrentLayer& layer, const Tensor& x, std::vector<Tensor>& weights) {
  weights = module->parameters();  // weight_ih, weight_hh, bias_ih, bias_hh
  const torch::NoGradGuard no_grad;
  const Tensor* from[] = {&layer.weight_ih, &layer.weight_hh, &layer.bias_ih, &layer.bias_hh};
  for (std::size_t i = 0; i < 4; ++i) weights[i].copy_(*from[i]);
  const torch::AutoGradMode remember(true);
  return std::get<0>(module->forward(x));
}

using Layer = Tensor (*)(const Tensor&, const RecurrentLayer&, const Compute&);

// `ours` and libtorch's, their outputs and all gradients of a sum that weighs each state differently.
template <class Module>
void expect_same(Layer ours, std::int64_t gates, Module module, std::int64_t steps, const Compute& compute,
                 double tolerance) {
  torch::manual_seed(static_cast<std::uint64_t>(steps));
  const RecurrentLayer layer = layer_of(gates);
  const Tensor x = torch::randn({rows, steps, in}).requires_grad_(),
               weight = torch::randn({rows, steps, hidden});
  const Tensor theirs_x = x.detach().clone().requires_grad_();
  std::vector<Tensor> theirs_weights;
  const Tensor wanted = reference(module, layer, theirs_x, theirs_weights);
  const Tensor got = ours(x, layer, compute);
  ASSERT_EQ(got.sizes(), wanted.sizes());
  EXPECT_TRUE(torch::allclose(got, wanted, tolerance, tolerance)) << "states of " << steps << " steps";
  (got * weight).sum().backward();
  (wanted * weight).sum().backward();
  EXPECT_TRUE(torch::allclose(x.grad(), theirs_x.grad(), tolerance, tolerance)) << "x";
  const Tensor* mine[] = {&layer.weight_ih, &layer.weight_hh, &layer.bias_ih, &layer.bias_hh};
  const char* names[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_TRUE(torch::allclose(mine[i]->grad(), theirs_weights[i].grad(), tolerance, tolerance))
        << names[i] << " of " << steps << " steps, off by "
        << (mine[i]->grad() - theirs_weights[i].grad()).abs().max().item<double>();
}

torch::nn::LSTM lstm() {
  return torch::nn::LSTM(torch::nn::LSTMOptions(in, hidden).batch_first(true));
}
torch::nn::GRU gru() {
  return torch::nn::GRU(torch::nn::GRUOptions(in, hidden).batch_first(true));
}

class Recurrence : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(Steps, Recurrence, testing::Values(1, 2, 5, 9));

TEST_P(Recurrence, LstmIsLibtorchsWithAllItsGradients) {
  expect_same(lstm_layer, 4, lstm(), GetParam(), {}, 1e-5);
}
TEST_P(Recurrence, GruIsLibtorchsWithAllItsGradients) {
  expect_same(gru_layer, 3, gru(), GetParam(), {}, 1e-5);
}

TEST_P(Recurrence, InBfloat16BothAreNear) {
  Compute bf16;
  bf16.bf16 = true;
  expect_same(lstm_layer, 4, lstm(), GetParam(), bf16, 0.1);
  expect_same(gru_layer, 3, gru(), GetParam(), bf16, 0.1);
}

TEST(RecurrentLayer, WithoutGradientsTheStatesAreTheSame) {
  const RecurrentLayer layer = layer_of(3);
  const Tensor x = torch::randn({rows, 5, in});
  const Tensor with = gru_layer(x, layer, {});
  const torch::NoGradGuard no_grad;
  const Tensor without = gru_layer(x, layer, {});
  EXPECT_FALSE(without.requires_grad());
  EXPECT_TRUE(torch::equal(with, without));
}

}  // namespace
}  // namespace runner::lvm
