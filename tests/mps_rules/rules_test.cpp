// Each rule of MPS, planted and found: a rule that nothing breaks would hold nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <thread>

#include "mps_rules/rules.h"

namespace runner::test::mps {
namespace {

using testing::HasSubstr;

torch::Tensor ones() {
  return torch::ones({2, 2}, torch::kMPS);
}

// What the device complained of.
template <class Work>
std::string complaint(const Work& work) {
  try {
    work();
  } catch (const Broken& broken) {
    return broken.what();
  }
  return "";
}

class MpsRules : public testing::Test {
 protected:
  void SetUp() override { forget(); }
};

TEST_F(MpsRules, ItComputesAsTheCpuDoes) {
  const auto a = torch::randn({3, 4}), b = torch::randn({4, 5});
  const auto product = torch::relu(torch::matmul(a.to(torch::kMPS), b.to(torch::kMPS)) * 2).sum(0);
  EXPECT_TRUE(product.is_mps());
  EXPECT_TRUE(torch::equal(product.cpu(), torch::relu(torch::matmul(a, b) * 2).sum(0)));
  EXPECT_TRUE(seen().broken.empty());
  EXPECT_EQ(seen().operators.at("mm.out"), 1);
}

TEST_F(MpsRules, NoFloat64) {
  EXPECT_THAT(complaint([] { torch::ones({2}, torch::TensorOptions(torch::kMPS).dtype(torch::kFloat64)); }),
              HasSubstr("no float64"));
  EXPECT_THAT(complaint([] { ones().to(torch::kFloat64); }), HasSubstr("no float64"));
  EXPECT_THAT(complaint([] { ones().sum(torch::kFloat64); }), HasSubstr("no float64"));
  EXPECT_EQ(seen().broken.size(), 3u);
}

TEST_F(MpsRules, WorkComesFromOneThread) {
  const torch::Tensor x = ones();
  std::string said;
  std::thread([&] { said = complaint([&] { x + x; }); }).join();
  EXPECT_THAT(said, HasSubstr("one thread: "));
  EXPECT_THAT(said, HasSubstr("came from another thread than the first"));
  EXPECT_EQ(complaint([&] { x + x; }), "");
}

// libtorch's autograd keeps a thread for the device; who called backward() waits for it.
TEST_F(MpsRules, TheBackwardPassIsNoOtherThread) {
  const torch::Tensor x = ones().requires_grad_(true);
  (x * x).sum().backward();
  EXPECT_THAT(seen().broken, testing::IsEmpty());
  EXPECT_TRUE(torch::equal(x.grad().cpu(), torch::full({2, 2}, 2.0)));
}

TEST_F(MpsRules, TheFirstUseIsOnTheMainThread) {
  std::string said;
  std::thread([&] { said = complaint([] { ones(); }); }).join();
  EXPECT_THAT(said, HasSubstr("first use on the main thread"));
}

TEST_F(MpsRules, NoLinear) {
  const torch::Tensor x = ones();
  EXPECT_THAT(complaint([&] { torch::linear(x, x, x[0]); }), HasSubstr("no linear"));
  EXPECT_EQ(complaint([&] { torch::addmm(x[0], x, x.t()); }), "");
}

TEST_F(MpsRules, NoOperatorOutsideTheListWithoutTheFallback) {
  const torch::Tensor x = ones();
  const auto unlisted = [&] { torch::matrix_exp(x); };
  ASSERT_FALSE(mps_has("linalg_matrix_exp"));
  EXPECT_THAT(complaint(unlisted), HasSubstr("no operator outside MPS's list: linalg_matrix_exp"));
  ::setenv("PYTORCH_ENABLE_MPS_FALLBACK", "1", 1);
  EXPECT_EQ(complaint(unlisted), "");
  ::unsetenv("PYTORCH_ENABLE_MPS_FALLBACK");
}

TEST_F(MpsRules, OneReadAStep) {
  const torch::Tensor x = ones();
  x.sum().item<float>();
  x.sum().item<float>();
  EXPECT_EQ(seen().reads, 2);
  const Step step;
  EXPECT_EQ(complaint([&] { x.sum().item<float>(); }), "");
  EXPECT_THAT(complaint([&] { x.sum().item<float>(); }), HasSubstr("one read a step, of its figures: item"));
  EXPECT_THAT(complaint([&] { x.cpu(); }), HasSubstr("one read a step, of its figures: copy_ to the CPU"));
}

TEST_F(MpsRules, AWrongResultCanBePlanted) {
  const torch::Tensor x = ones();
  {
    const WrongResults wrong("mm.out", [](at::Tensor& result) { result.mul_(1.5); });
    EXPECT_EQ(torch::mm(x, x).sum().item<float>(), 12);
  }
  EXPECT_EQ(torch::mm(x, x).sum().item<float>(), 8);
}

}  // namespace
}  // namespace runner::test::mps
