#include "base/file_lock.h"
#include "jobs/index/index_runs.h"

#include <fstream>
#include <iterator>
#include <set>
#include <thread>

namespace runner::test {
namespace {
using ::testing::HasSubstr;

using Index = IndexRuns;

Json last_line(const ProgramResult& run) {
  return Json::parse(run.out, nullptr, false);
}

TEST_F(Index, ReportsWhatItBuilt) {
  const ProgramResult run = index({"--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json result = last_line(run);
  for (const char* key : {"output", "ntotal", "dimension", "factory", "bytes", "build_s", "fsync_s",
                          "verify_s", "wall_s", "rss_mb", "skipped"})
    EXPECT_TRUE(result.contains(key)) << key;
  EXPECT_EQ(result["ntotal"], rows);
  EXPECT_EQ(result["bytes"], published().size());
  EXPECT_EQ(result["skipped"], false);
}

// An OpenBLAS too old to know the CPU is warned about in every run; a CPU with AVX-512 has these kernels.
bool has_avx512() {
  std::ifstream in("/proc/cpuinfo");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return text.find(" avx512f ") != std::string::npos;
}

TEST_F(Index, SaysNothingWhenNothingChanged) {
  if (has_avx512()) options_.environment["OPENBLAS_CORETYPE"] = "SkylakeX";
  ASSERT_EQ(index().exit_code, 0);
  const std::string before = published();
  std::filesystem::copy_file(folder_ / "a.npz", folder_ / "copy.npz");  // the contents count, not the place
  const ProgramResult quiet = index({"--npz", "copy.npz", "--quiet"});
  EXPECT_EQ(quiet.exit_code, 0);
  EXPECT_EQ(quiet.out + quiet.err, "");
  EXPECT_THAT(index().err, HasSubstr("nothing to do"));
  EXPECT_EQ(last_line(index({"--json"}))["skipped"], true);
  EXPECT_EQ(left(".index").size(), 2U) << "one version and the link";
  EXPECT_EQ(last_line(index({"--json", "--force"}))["skipped"], false);
  EXPECT_EQ(last_line(index({"--json", "--set", "input.normalize=false"}))["skipped"], false);
  EXPECT_NE(published(), before);
}

TEST_F(Index, TheScriptForOwnSchedulersSpeaksOnlyOfNewsAndFailures) {
  ProgramOptions options = options_;
  options.environment["RUNNER"] = std::string(RUNNER_BUILD_DIR) + "/runner";
  const std::string script = std::string(RUNNER_SOURCE_DIR) + "/scripts/rebuild_index.sh";
  const ProgramResult first = run_program({script, "index.yaml"}, options);
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("published out/x.index: 4000 vectors of 64"));
  const ProgramResult second = run_program({script, "index.yaml"}, options);
  EXPECT_EQ(second.exit_code, 0);
  EXPECT_EQ(second.out + second.err, "");
  const ProgramResult wrong = run_program({script, "index.yaml", "--set", "index.factory=Flatt"}, options);
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("Flatt"));
}

TEST_F(Index, RollsBackToTheVersionBefore) {
  ASSERT_EQ(index().exit_code, 0);
  const std::string first = published();
  ASSERT_EQ(index({"--npz", "b.npz"}).exit_code, 0);
  EXPECT_NE(published(), first);
  EXPECT_EQ(index({"--rollback"}).exit_code, 0);
  EXPECT_EQ(published(), first);
  const ProgramResult again = index({"--rollback"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_THAT(again.err, HasSubstr("no version before"));
}

TEST_F(Index, ASecondRebuildWaitsOrLeaves) {
  std::filesystem::create_directories(folder_ / "out");
  auto other = std::make_unique<FileLock>(FileLock::wait(folder_ / "out/x.index.lock"));
  const ProgramResult leaves = index({"--set", "publish.if_locked=leave", "--json"});
  EXPECT_EQ(leaves.exit_code, 0);
  EXPECT_THAT(leaves.err, HasSubstr("another rebuild runs"));
  EXPECT_EQ(last_line(leaves)["skipped"], true);
  ProgramResult waits;
  std::thread second([&] { waits = index(); });
  other.reset();
  second.join();
  EXPECT_EQ(waits.exit_code, 0) << waits.err;
  EXPECT_FALSE(published().empty());
}

TEST_F(Index, TwoRebuildsAtOnceBothEndWell) {
  ProgramResult one, two;
  std::thread first([&] { one = index({"--force"}); });
  two = index({"--force", "--npz", "b.npz"});
  first.join();
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_EQ(two.exit_code, 0) << two.err;
  EXPECT_EQ(left(".index").size(), 3U) << "two versions and the link";
  EXPECT_THAT(left(".tmp"), ::testing::IsEmpty());
}

TEST_F(Index, RebuildsUnderATimeOfOneSecondEachMakeAnIndexOfTheirOwn) {
  std::vector<ProgramResult> runs(4);
  std::vector<std::thread> threads;
  for (ProgramResult& run : runs)
    threads.emplace_back([&] { run = index({"--json", "--output", "timed/{timestamp}.index"}); });
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> outputs;
  for (const ProgramResult& run : runs) {
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const std::string output = last_line(run)["output"];
    outputs.insert(output);
    EXPECT_EQ(last_line(run)["skipped"], false);
    const Json manifest = Json::parse(file_contents(folder_ / (output + ".manifest.json")));
    EXPECT_THAT(manifest["config"].get<std::string>(), HasSubstr("output: " + output));
  }
  EXPECT_EQ(outputs.size(), runs.size());
}

// An index of FAISS's own, written a moment ago: the version that is built has the same second.
TEST_F(Index, OfAnotherToolIsKeptWhateverPublishKeepSays) {
  const std::string theirs = expected("b.npz");
  folder_.write("out/x.index", theirs);
  for (const char* input : {"a.npz", "b.npz", "a.npz"}) {
    const ProgramResult run = index({"--npz", input, "--set", "publish.keep=1"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
  EXPECT_TRUE(published() == expected("a.npz"));
  const std::vector<std::string> versions = left("Z.index");
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_TRUE(file_contents(folder_ / ("out/" + std::min(versions[0], versions[1]))) == theirs);
}

TEST_F(Index, AGateKeepsAPoorIndexFromBeingPublished) {
  ASSERT_EQ(index().exit_code, 0);
  const std::string before = published();
  const ProgramResult poor = index(
      {"--set", "index.factory=IVF64,PQ4x4", "--set", "index.nprobe=1", "--set", "verify.min_recall=0.99"});
  EXPECT_EQ(poor.exit_code, 5) << poor.err;
  EXPECT_THAT(poor.err, HasSubstr("min_recall"));
  EXPECT_EQ(published(), before);
  EXPECT_EQ(left(".index").size(), 2U);
}

TEST_F(Index, WhatDoesNotFitIntoMemoryIsRefusedWithTheEstimate) {
  // 1.3 TB of holes under an honest header.
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (10000000, 32768), }";
  header.resize(117, ' ');
  const auto path = folder_.write("huge.npy", std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n");
  std::error_code error;
  std::filesystem::resize_file(path, 128 + 10000000ULL * 32768 * 4, error);
  if (error) GTEST_SKIP() << "this file system holds no file of 1.3 TB: " << error.message();
  std::vector<std::string> flags = words({"--npz", "huge.npy", "--set", "index.factory=IVF64,Flat"});
  const ProgramResult run = run_runner(flags, options_);
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr("TB of memory"));
  flags[0] = "plan";
  const ProgramResult planned = run_runner(flags, options_);
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  EXPECT_THAT(planned.out, HasSubstr("does NOT fit"));
}

}  // namespace
}  // namespace runner::test
