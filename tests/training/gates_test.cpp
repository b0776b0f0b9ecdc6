#include "training/training_gates.h"

#include <gtest/gtest.h>

namespace runner::lvm {
namespace {

GateOptions limits() {
  GateOptions o;
  o.step_min_cosine = 0.35;
  o.step_patience = 10;
  o.epoch_max_drop = 0.05;
  return o;
}

// Steps with this cosine until the gate trips or `most` is reached; the number taken.
int steps_until_tripped(GateState& state, double cosine, int most) {
  for (int i = 1; i <= most; ++i)
    if (!step_gate(limits(), state, cosine).empty()) return i;
  return 0;
}

TEST(StepGate, AColdStartDoesNotTripIt) {
  GateState state;
  EXPECT_EQ(steps_until_tripped(state, 0.1, 5000), 0);
  EXPECT_FALSE(state.armed);
}

TEST(StepGate, ArmsWhenTheMeanOfAHundredStepsReachesTheLimit) {
  GateState state;
  EXPECT_EQ(steps_until_tripped(state, 0.36, 99), 0);
  EXPECT_FALSE(state.armed);
  step_gate(limits(), state, 0.36);
  EXPECT_TRUE(state.armed);
}

TEST(StepGate, TripsAfterMoreThanPatienceStepsBelow) {
  GateState state;
  steps_until_tripped(state, 0.5, 100);
  EXPECT_EQ(steps_until_tripped(state, 0.2, 100), 11);
}

TEST(StepGate, OneGoodStepStartsTheCountAgain) {
  GateState state;
  steps_until_tripped(state, 0.5, 100);
  EXPECT_EQ(steps_until_tripped(state, 0.2, 10), 0);
  step_gate(limits(), state, 0.5);
  EXPECT_EQ(steps_until_tripped(state, 0.2, 100), 11);
}

TEST(EpochGate, TripsOnAFallBeyondTheLimitOnly) {
  GateState state;
  EXPECT_EQ(epoch_gate(limits(), state, 0.44), "");
  EXPECT_EQ(epoch_gate(limits(), state, 0.40), "");
  EXPECT_NE(epoch_gate(limits(), state, 0.18), "");
}

TEST(EpochGate, AfterARollBackTheRestoredCosineIsTheMeasure) {
  GateState state;
  epoch_gate(limits(), state, 0.44);
  epoch_gate(limits(), state, 0.18);
  note_rollback(limits(), state, 5000, 0.44);
  EXPECT_EQ(state.rollbacks, 1);
  EXPECT_EQ(state.warm_until, 5000 + limits().warm_steps);
  EXPECT_FALSE(state.armed);
  EXPECT_NE(epoch_gate(limits(), state, 0.30), "");
}

TEST(FinalGates, JudgeOnlyWhatIsConfigured) {
  GateOptions o;
  o.final_min_margin = 0.0;
  o.final_min_cosine = 0.40;
  const NamedList<GateRecord> gates = final_gates(o, {-0.11, 0.433, 0.5});
  EXPECT_EQ(gates.size(), 2u);
  EXPECT_FALSE(find_named(gates, "margin")->passed);
  EXPECT_TRUE(find_named(gates, "val_cosine")->passed);
}

}  // namespace
}  // namespace runner::lvm
