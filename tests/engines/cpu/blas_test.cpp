// Products of the BLAS that libtorch brings, against our own: layer by layer, whole models, training; and
// which of the two train.products takes.

#include <gmock/gmock.h>

#include <array>

#include "base/error.h"
#include "engines/cpu/blas/products.h"
#include "engines/cpu/engine_support.h"
#include "engines/cpu/fp32/products.h"
#include "engines/cpu/model_weights.h"
#include "engines/cpu/products_choice.h"
#include "engines/make_step.h"
#include "threads/team.h"

namespace runner::lvm::cpu {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// The process's own, dealt out in tiles where it can be, and the same with one call a product.
std::vector<Blas> ways_to_call() {
  std::vector<Blas> ways;
  if (const Blas* blas = process_blas()) {
    ways.assign(2, *blas);
    ways[1].tiles = false;
  }
  return ways;
}

class BlasProducts : public testing::Test {
 protected:
  void SetUp() override {
    if (process_blas() == nullptr) GTEST_SKIP() << "this libtorch brings no BLAS that can be called";
  }
};

TEST_F(BlasProducts, TheLibraryHasAName) {
  EXPECT_FALSE(process_blas()->name.empty());
  if (process_blas()->max_threads) {
    EXPECT_THAT(process_blas()->name, StartsWith("OpenBLAS "));
    EXPECT_TRUE(process_blas()->tiles);
  }
}

// Sizes of one tile and of many, with ends that are cut; rows at a distance; added to what is there.
TEST_F(BlasProducts, ALayerIsOurOwn) {
  struct Case {
    Index rows, in, out, x_ld, dy_ld;
    bool accumulate;
  };
  torch::manual_seed(1);
  const auto drawn = [](Index n) { return torch::randn({n}); };
  for (const Blas& blas : ways_to_call())
    for (const Case& s :
         {Case{1, 3, 2, 3, 2, false}, Case{9, 50, 70, 50, 70, false}, Case{33, 64, 96, 1024, 1024, true},
          Case{170, 300, 330, 300, 340, true}, Case{400, 48, 129, 48, 129, false}}) {
      SCOPED_TRACE(std::to_string(s.rows) + "x" + std::to_string(s.in) + "x" + std::to_string(s.out) +
                   (blas.tiles ? " in tiles" : " in one call"));
      torch::Tensor w = drawn(s.out * s.in), x = drawn(s.rows * s.x_ld), dy = drawn(s.rows * s.dy_ld);
      const torch::Tensor y0 = drawn(s.rows * s.out), dx0 = drawn(s.rows * s.in);
      std::array<torch::Tensor, 2> y, dx, dw;
      std::array<double, 2> squares{};
      for (std::size_t i = 0; i < 2; ++i) {
        y[i] = y0.clone();
        dx[i] = dx0.clone();
        dw[i] = torch::full({s.out * s.in}, 9.0F);
        const auto products = i == 0 ? make_fp32_products(w.data_ptr<float>(), dw[i].data_ptr<float>())
                                     : make_blas_products(blas, w.data_ptr<float>(), dw[i].data_ptr<float>());
        products->begin_backward();
        const LinearAt layer{0, 0, s.out, s.in};
        products->forward(layer, {x.data_ptr<float>(), s.x_ld, s.rows},
                          {y[i].data_ptr<float>(), s.out, s.accumulate});
        products->backward(layer, {dy.data_ptr<float>(), s.dy_ld, s.rows},
                           {x.data_ptr<float>(), s.x_ld, s.rows},
                           {dx[i].data_ptr<float>(), s.in, s.accumulate});
        squares[i] = products->square_sum();
      }
      EXPECT_LT(relative_error(y[1], y[0]), 1e-6);
      EXPECT_LT(relative_error(dx[1], dx[0]), 1e-6);
      EXPECT_LT(relative_error(dw[1], dw[0]), 1e-6);
      EXPECT_NEAR(squares[1], squares[0], 1e-5 * squares[0]);
    }
}

// Raw predictions and gradients of a model with these sizes, and the norm of the gradients.
struct Passes {
  torch::Tensor raw, gradients;
  double norm = 0;
};
Passes passes(const Shape& shape, const Blas* blas) {
  const auto model = make_model(sizes_of(shape), 3);
  draw_weights(*model, 4);
  Engine engine(shape, Precision::fp32, blas);
  load_weights(dynamic_cast<const Transformer&>(*model), engine);
  torch::manual_seed(5);
  const auto contexts = torch::randn({37, shape.context, shape.input});
  const auto direction = torch::randn({37, shape.output});
  Passes p;
  p.raw = run_forward(engine, contexts, true, {1, 1});
  engine.backward(direction.data_ptr<float>());
  p.norm = engine.gradient_norm();
  p.gradients = torch::from_blob(engine.gradients(), {engine.layout().total}).clone();
  return p;
}

TEST_F(BlasProducts, AnEngineIsThatOfOurOwn) {
  Shape one_layer = small_shape(), wide = small_shape();
  one_layer.layers = 1;
  wide.d_model = 192;
  wide.feedforward = 520;
  for (const Shape& shape : {small_shape(), one_layer, wide}) {
    const Passes own = passes(shape, nullptr);
    for (const Blas& blas : ways_to_call()) {
      const Passes other = passes(shape, &blas);
      EXPECT_LT(relative_error(other.raw, own.raw), 1e-5);
      EXPECT_LT(relative_error(other.gradients, own.gradients), 1e-5);
      EXPECT_NEAR(other.norm, own.norm, 1e-5 * own.norm);
      EXPECT_FALSE(torch::equal(other.gradients, own.gradients)) << "was it asked at all?";
    }
  }
}

// In tiles each thread computes alone, so that the number of threads changes no bit.
TEST_F(BlasProducts, ThreadsDoNotChangeABit) {
  if (!process_blas()->tiles) GTEST_SKIP() << process_blas()->name << " takes threads of its own";
  Shape shape = small_shape();
  shape.d_model = 192;
  shape.feedforward = 520;
  shape.dropout = 0.2;
  const int threads = team::size();
  const Passes first = passes(shape, process_blas());
  for (const int n : {1, 2, 3, 5}) {
    team::resize(n);
    EXPECT_TRUE(torch::equal(passes(shape, process_blas()).gradients, first.gradients)) << n;
  }
  team::resize(threads);
}

TEST_F(BlasProducts, TheCallingThreadKeepsItsThreads) {
  if (process_blas()->max_threads == nullptr) GTEST_SKIP() << "no OpenMP";
  const int before = at::get_num_threads();
  at::set_num_threads(3);
  passes(small_shape(), process_blas());
  EXPECT_EQ(process_blas()->max_threads(), 3);
  at::set_num_threads(before);
}

// Every model that the engine takes, some updates of training.
TEST_F(BlasProducts, TrainingFollowsOurOwn) {
  for (const ResidualKind residual :
       {ResidualKind::none, ResidualKind::last, ResidualKind::mean, ResidualKind::learned})
    for (const double scalar : {0.0, 1.0}) {
      ModelOptions o;
      o.residual = residual;
      o.positional_scalar = scalar;
      o.d_model = 64;
      o.heads = 4;
      o.layers = 2;
      std::array<torch::Tensor, 3> weights;
      for (std::size_t i = 0; i < weights.size(); ++i) {
        StepOptions options;
        options.loss = complete(options.loss);
        options.products = i == 0 ? ProductsChoice::own : ProductsChoice::blas;
        const auto step = make_step(EngineChoice::fused, make_model(model_sizes(o, 48, 5), std::uint64_t{7}),
                                    options, 5, torch::kCPU);
        EXPECT_EQ(step->products().name, i == 0 ? "own" : process_blas()->name);
        EXPECT_EQ(step->products().reason, "as train.products says");
        for (std::int64_t s = 1; s <= 4; ++s) {
          torch::manual_seed(static_cast<std::uint64_t>(s));
          StepInput in;
          in.contexts = torch::randn({9, 5, 48});
          in.targets = torch::randn({9, 48});
          in.step = s;
          in.lr = 1e-4;
          EXPECT_TRUE(step->run(in).applied);
        }
        weights[i] = step->state()[0].values.clone();
      }
      EXPECT_LT((weights[1] - weights[0]).abs().mean().item<float>(), 1e-6F);
      EXPECT_TRUE(torch::equal(weights[1], weights[2])) << "a repeat is the same";
    }
}

ChosenProducts chosen(ProductsChoice wanted, const ProductsPlace& place,
                      Precision precision = Precision::fp32) {
  return choose_products(wanted, precision, small_shape(), place);
}

TEST(ProductsChoice, AutoIsOurOwnButOnArm64InFp32) {
  constexpr auto fitting = ProductsChoice::fitting;
  const Blas blas{.name = "made up"};
  EXPECT_EQ(chosen(fitting, {.blas = &blas}).blas, nullptr);
  EXPECT_EQ(chosen(fitting, {.macos = true, .blas = &blas}).blas, nullptr);
  EXPECT_EQ(chosen(fitting, {.arm64 = true, .macos = true, .blas = &blas}).blas, &blas);
  EXPECT_EQ(chosen(fitting, {.arm64 = true, .macos = true, .blas = &blas}, Precision::bf16).blas, nullptr);
  EXPECT_EQ(chosen(fitting, {.arm64 = true}).blas, nullptr);
  EXPECT_EQ(chosen(fitting, {.arm64 = true, .blas = &blas, .ranks = true}).blas, nullptr);
}

// What was measured once holds for the whole run.
TEST(ProductsChoice, ARunGoesOnWithWhatItBeganWith) {
  constexpr auto fitting = ProductsChoice::fitting;
  const Blas blas{.name = "made up"};
  EXPECT_EQ(chosen(fitting, {.arm64 = true, .blas = &blas, .before = "own"}).blas, nullptr);
  EXPECT_EQ(chosen(fitting, {.arm64 = true, .blas = &blas, .before = "made up"}).blas, &blas);
}

TEST(ProductsChoice, WhereNoneIsMeasuredTheWordDecides) {
  const Blas blas{.name = "made up"};
  EXPECT_EQ(chosen(ProductsChoice::own, {.arm64 = true, .macos = true, .blas = &blas}).blas, nullptr);
  EXPECT_EQ(chosen(ProductsChoice::blas, {.blas = &blas}).used().name, "made up");
  EXPECT_THROW(chosen(ProductsChoice::blas, {}), EnvironmentError);
  EXPECT_THROW(chosen(ProductsChoice::blas, {.blas = &blas}, Precision::bf16), UsageError);
}

TEST_F(BlasProducts, OnArm64LinuxTheFasterIsMeasured) {
  const ChosenProducts c = chosen(ProductsChoice::fitting, {.arm64 = true, .blas = process_blas()});
  EXPECT_THAT(c.reason, HasSubstr("measured: own "));
  EXPECT_THAT(c.reason, HasSubstr(process_blas()->name));
}

}  // namespace
}  // namespace runner::lvm::cpu
