// What a training run holds at its peak, measured in copies of the model's parameters: weights, gradients and
// two moments (4), and while a checkpoint is written the copy of weights and moments (3). Nothing else grows
// with the model.
#include <gtest/gtest.h>

#include "jobs/train/small_run.h"

namespace runner::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool malloc_returns_memory = false;  // the sanitizers' own allocators keep it
#elif defined(__GLIBC__)
constexpr bool malloc_returns_memory = true;
#else
constexpr bool malloc_returns_memory = false;
#endif

// A transformer of 7.9 million parameters in few layers: activations stay small beside it.
std::vector<std::string> large_run(const std::filesystem::path& output, std::vector<std::string> more) {
  more.insert(more.end(), {"--device", "cpu", "--set", "train.engine=fused", "--set", "model.d_model=256",
                           "--set", "model.feedforward=6144", "--set", "train.batch_size=8",
                           // no checkpoint is still being written while the validation runs
                           "--set", "checkpoint.every_steps=0", "--set", "checkpoint.every_minutes=0"});
  return small_run(output, more);
}

double peak_bytes(const ProgramResult& program) {
  EXPECT_EQ(program.exit_code, 0) << program.err;
  return result_of(program).value("rss_mb", 0.0) * 1e6;
}

class TrainMemory : public testing::Test {
 protected:
  void SetUp() override {
    if (!malloc_returns_memory) GTEST_SKIP() << "this malloc does not give freed memory back";
  }
  // Peak of a run beyond that of one whose model is next to nothing, in copies of the parameters.
  double copies(const ProgramResult& program) const {
    const auto tiny = small_run(folder / "tiny", {"--device", "cpu", "--max-steps", "1"});
    const double libraries = peak_bytes(run_runner(tiny, in_source()));
    const auto parameters =
        static_cast<double>(std::filesystem::file_size(folder / "large/model.safetensors"));
    return (peak_bytes(program) - libraries) / parameters;
  }
  TemporaryFolder folder;
};

TEST_F(TrainMemory, ARunHoldsItsStateAndOneCopyOfIt) {
  const ProgramResult program = run_runner(large_run(folder / "large", {"--max-steps", "6"}), in_source());
  EXPECT_LT(copies(program), 7.5);
}

TEST_F(TrainMemory, AResumedRunHoldsNoMore) {
  ASSERT_EQ(run_runner(large_run(folder / "large", {"--max-steps", "2"}), in_source()).exit_code, 0);
  const ProgramResult program =
      run_runner(large_run(folder / "large", {"--resume", "--max-steps", "6"}), in_source());
  EXPECT_LT(copies(program), 7.5);
}

}  // namespace
}  // namespace runner::test
