#include "environment/device_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "base/error.h"

namespace runner::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A machine on which only `working` devices pass the probe; remembers what was tried.
struct Machine {
  std::vector<std::string> working;
  std::vector<std::string> tried;
  DeviceProbe probe() {
    return [this](const Device& device) -> std::string {
      tried.push_back(to_string(device));
      for (const std::string& name : working)
        if (name == tried.back()) return "";
      return "no such device here";
    };
  }
};

TEST(ChooseDevice, AutoTriesMpsThenCudaThenCpu) {
  Machine machine{{"cpu"}, {}};
  const DeviceChoice choice = choose_device("auto", true, machine.probe());
  EXPECT_THAT(machine.tried, ElementsAre("mps", "cuda:0", "cpu"));
  EXPECT_EQ(to_string(choice.actual), "cpu");
  EXPECT_FALSE(choice.fell_back);
  EXPECT_THAT(describe(choice), HasSubstr("requested auto, actual cpu (mps: no such device here; cuda:0:"));
}

TEST(ChooseDevice, AutoStopsAtTheFirstThatWorks) {
  Machine machine{{"mps", "cpu"}, {}};
  EXPECT_EQ(to_string(choose_device("auto", true, machine.probe()).actual), "mps");
  EXPECT_THAT(machine.tried, ElementsAre("mps"));
}

TEST(ChooseDevice, ANamedDeviceIsTakenAsItIs) {
  Machine machine{{"cuda:1", "cpu"}, {}};
  EXPECT_EQ(to_string(choose_device("cuda:1", false, machine.probe()).actual), "cuda:1");
}

TEST(ChooseDevice, ANamedDeviceThatFailsIsRefusedWithoutFallback) {
  Machine machine{{"cpu"}, {}};
  try {
    choose_device("mps", false, machine.probe(), "--device");
    FAIL();
  } catch (const EnvironmentError& error) {
    EXPECT_EQ(error.code(), ExitCode::environment);
    EXPECT_THAT(error.line(), HasSubstr("--device: device mps does not work: no such device here"));
    EXPECT_THAT(error.line(), HasSubstr("device_fallback: true"));
  }
}

TEST(ChooseDevice, ANamedDeviceFallsBackWhenAllowedAndSaysSo) {
  Machine machine{{"cpu"}, {}};
  const DeviceChoice choice = choose_device("cuda:3", true, machine.probe());
  EXPECT_EQ(to_string(choice.actual), "cpu");
  EXPECT_TRUE(choice.fell_back);
  EXPECT_EQ(choice.requested, "cuda:3");
  EXPECT_THAT(choice.reason, HasSubstr("cuda:3: no such device here"));
}

TEST(ChooseDevice, NothingWorksIsAnEnvironmentError) {
  Machine machine;
  EXPECT_THROW(choose_device("auto", true, machine.probe()), EnvironmentError);
}

TEST(ParseDevice, KnowsExactlyTheDocumentedNames) {
  EXPECT_EQ(parse_device("cuda", "").index, 0);
  EXPECT_EQ(parse_device("cuda:12", "").index, 12);
  for (const char* bad : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "CPU", "auto"})
    EXPECT_THROW(parse_device(bad, "device"), UsageError) << bad;
  EXPECT_TRUE(is_device_name("auto"));
  EXPECT_FALSE(is_device_name("cuda:99999999999"));
}

}  // namespace
}  // namespace runner::runtime
