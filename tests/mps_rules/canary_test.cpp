// A device that computes wrongly without an error is refused before a run trusts it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "engines/canary.h"
#include "engines/placement.h"
#include "mps_rules/rules.h"

namespace runner::lvm {
namespace {

using test::mps::WrongResults;
using testing::HasSubstr;

std::shared_ptr<Model> small_model() {
  ModelOptions o;
  o.d_model = 32, o.heads = 4, o.layers = 2;
  return make_model(model_sizes(o, 24), std::uint64_t{7});
}

PlacementWish on_mps(bool trained) {
  PlacementWish wish{{runtime::DeviceKind::mps, 0}};
  wish.rows = 16;
  wish.context = 5;
  if (trained) wish.loss = complete({});
  return wish;
}

std::string refusal(bool trained, const char* op, const std::function<void(at::Tensor&)>& damage) {
  const WrongResults wrong(op, damage);
  try {
    const auto model = small_model();
    return "accepted: " + place(*model, on_mps(trained)).check;
  } catch (const EnvironmentError& error) {
    EXPECT_EQ(error.place(), "device mps");
    return error.what();
  }
}

TEST(Canary, ADeviceThatComputesRightPassesAndSaysSo) {
  const auto model = small_model();
  const Placement placed = place(*model, on_mps(true));
  EXPECT_TRUE(placed.device.is_mps());
  EXPECT_THAT(placed.check, HasSubstr("a batch of 16 on mps against the CPU: prediction "));
  EXPECT_THAT(placed.check, HasSubstr("gradients "));
  EXPECT_TRUE(model->is_training());
  for (const auto& p : model->parameters()) EXPECT_FALSE(p.grad().defined());
}

TEST(Canary, NobodyLooksAtTheCpu) {
  const auto model = small_model();
  PlacementWish wish = on_mps(true);
  wish.device = {};
  EXPECT_EQ(place(*model, wish).check, "");
}

TEST(Canary, AWrongProductIsRefusedWithItsFiguresAndAWayOut) {
  const std::string said = refusal(false, "addmm.out", [](at::Tensor& result) { result.mul_(1.1); });
  EXPECT_THAT(said, HasSubstr("a batch of 16 on mps against the CPU: prediction "));
  EXPECT_THAT(said, HasSubstr("(allowed 1e-03)"));
  EXPECT_THAT(said, HasSubstr("Way out: device: cpu"));
}

TEST(Canary, SoIsOneThatIsWrongInOneColumn) {
  EXPECT_THAT(refusal(false, "addmm.out", [](at::Tensor& result) { result.select(1, 3).zero_(); }),
              testing::Not(HasSubstr("accepted")));
}

TEST(Canary, SoIsOneThatIsNoNumber) {
  EXPECT_THAT(refusal(false, "addmm.out",
                      [](at::Tensor& result) { result[0][0] = std::numeric_limits<float>::quiet_NaN(); }),
              HasSubstr("nan"));
}

// Wrong on the way back alone.
TEST(Canary, AWrongGradientIsFoundWhereAModelIsTrained) {
  const auto damage = [](at::Tensor& result) { result.mul_(1.1); };
  EXPECT_THAT(refusal(true, "gelu_backward.grad_input", damage), HasSubstr("the most of "));
  EXPECT_THAT(refusal(false, "gelu_backward.grad_input", damage), HasSubstr("accepted"));
}

}  // namespace
}  // namespace runner::lvm
