// `runner doctor --tree`: a Mac's installation, looked at on any machine.
#include <gmock/gmock.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/doctor_plugins.h"
#include "jobs/registry.h"
#include "openmp_scan/fixture.h"

namespace scan_test {

using runner::cli::PluginFindings;
using runner::runtime::Verdict;
using ::testing::ElementsAre;

namespace {

// libtorch with its libomp in a folder of their own, FAISS in the plug-ins.
class MacTree : public ScanTest {
 protected:
  void SetUp() override {
    ScanTest::SetUp();
    macho("lib/torch/libomp.dylib", {.id = "/opt/llvm-openmp/lib/libomp.dylib", .defined = llvm_symbols()});
    macho("lib/torch/libtorch_cpu.dylib",
          {.id = "@rpath/libtorch_cpu.dylib", .loads = {"@loader_path/libomp.dylib"}});
    macho("lib/runner/librunner_core.dylib", {.id = "@rpath/librunner_core.dylib"});
    macho("bin/runner",
          {.type = 2, .loads = {"@rpath/librunner_core.dylib"}, .rpaths = {"@loader_path/../lib/runner"}});
    plugin("train", {"@rpath/libtorch_cpu.dylib"});
    plugin("index", {"@rpath/libomp.dylib"});
    plugin("smoke", {"@rpath/libtorch_cpu.dylib", "@rpath/libomp.dylib"});
  }
  void plugin(const std::string& name, std::vector<std::string> loads) {
    loads.insert(loads.begin(), "@rpath/librunner_core.dylib");
    macho("lib/runner/librunner_" + name + ".dylib",
          {.type = 8, .loads = loads, .rpaths = {"@loader_path", "@loader_path/../torch"}});
  }
  PluginFindings look() { return runner::cli::scan_plugins(folder, options); }
};

std::vector<Verdict> verdicts(const PluginFindings& found) {
  std::vector<Verdict> all;
  for (const auto& set : found.sets.sets) all.push_back(set.verdict);
  return all;
}

}  // namespace

TEST_F(MacTree, EachPluginHoldsTheOneRuntimeOfTheWheel) {
  const PluginFindings found = look();
  EXPECT_THAT(verdicts(found), ElementsAre(Verdict::one, Verdict::one, Verdict::one));
  for (const auto& set : found.sets.sets) {
    EXPECT_THAT(paths(set), ElementsAre(at("lib/torch/libomp.dylib")));
    EXPECT_TRUE(set.problems.empty()) << set.problems[0];
    EXPECT_EQ(set.target, "macos arm64");
  }
  EXPECT_EQ(found.isolate, "run");
}

TEST_F(MacTree, TwoRuntimesInSmokeAreKeptApartByIsolate) {
  macho("lib/faiss/libomp.dylib", {.id = "@rpath/libomp.dylib", .defined = llvm_symbols()});
  plugin("index", {"@loader_path/../faiss/libomp.dylib"});
  plugin("smoke", {"@rpath/libtorch_cpu.dylib", "@loader_path/../faiss/libomp.dylib"});
  const PluginFindings found = look();
  EXPECT_THAT(verdicts(found), ElementsAre(Verdict::one, Verdict::one, Verdict::duplicate));
  EXPECT_EQ(found.isolate, "separate");
  EXPECT_TRUE(mentions(found.sets.sets.back().advice, "separate workers"));
}

TEST_F(MacTree, TwoRuntimesInOnePluginAreRefused) {
  macho("lib/faiss/libomp.dylib", {.id = "@rpath/libomp.dylib", .defined = llvm_symbols()});
  plugin("train", {"@rpath/libtorch_cpu.dylib", "@loader_path/../faiss/libomp.dylib"});
  EXPECT_EQ(look().isolate, "refuse");
}

TEST_F(MacTree, EveryJobsPluginIsLookedFor) {
  for (const runner::jobs::JobType& job : runner::jobs::job_types()) {
    const auto file = folder / "lib/runner" / (std::string(job.plugin) + ".dylib");
    const auto aside = folder / "aside";
    ASSERT_TRUE(fs::exists(file)) << job.name;
    fs::rename(file, aside);
    EXPECT_TRUE(mentions(look().sets.problems, job.plugin)) << job.name;
    fs::rename(aside, file);
  }
}

TEST_F(MacTree, WhatIsMissingIsNamed) {
  fs::remove(folder / "lib/torch/libtorch_cpu.dylib");
  fs::remove(folder / "lib/runner/librunner_index.dylib");
  const PluginFindings found = look();
  EXPECT_TRUE(mentions(found.sets.sets.front().problems, "libtorch_cpu.dylib"));
  EXPECT_TRUE(mentions(found.sets.problems, "librunner_index"));
}

}  // namespace scan_test
