// train.products in whole runs: what is told of it, that runs repeat, go on, and refuse what cannot be.
#include <gmock/gmock.h>

#include "jobs/train/run_compare.h"
#include "jobs/train/small_run.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

std::vector<std::string> products_run(const fs::path& output, const std::string& products,
                                      std::vector<std::string> more) {
  more.insert(more.end(), {"--set", "train.products=" + products, "--device", "cpu"});
  return small_run(output, more);
}

// The library's name; "" where this libtorch keeps its BLAS to itself.
std::string blas_here(const ProgramResult& run) {
  const Json result = result_of(run);
  return run.exit_code == 0 ? result.value("products", "") : "";
}

TEST(ProductsRun, OfABlasIsToldRepeatsAndGoesOn) {
  const TemporaryFolder folder;
  const fs::path run = folder / "run", first = folder / "first";
  const auto train = [&](const std::string& products, std::vector<std::string> more) {
    return run_runner(products_run(run, products, std::move(more)), in_source());
  };
  const ProgramResult straight = train("blas", {"--max-steps", "20"});
  if (straight.exit_code == 4 && straight.err.find("no BLAS that can be called") != std::string::npos)
    GTEST_SKIP() << straight.err;
  ASSERT_EQ(straight.exit_code, 0) << straight.err;
  const std::string name = blas_here(straight);
  EXPECT_NE(name, "own");
  EXPECT_FALSE(name.empty());
  EXPECT_EQ(result_of(straight).value("products_reason", ""), "as train.products says");
  const std::string told = name + ", as train.products says";
  EXPECT_THAT(straight.err, HasSubstr(told));
  EXPECT_THAT(file_contents(run / "train.log"), HasSubstr(told));
  EXPECT_THAT(file_contents(run / "manifest.json"), HasSubstr(name));

  fs::rename(run, first);  // the same path for both: it is in their files
  ASSERT_EQ(train("blas", {"--max-steps", "10"}).exit_code, 0);
  const ProgramResult changed = train("own", {"--max-steps", "20", "--resume"});
  EXPECT_EQ(changed.exit_code, 2);
  EXPECT_THAT(changed.err, HasSubstr("train.products: \"blas\", now \"own\""));
  EXPECT_THAT(changed.err, HasSubstr("--allow-changed lets it pass"));
  ASSERT_EQ(train("blas", {"--max-steps", "20", "--resume"}).exit_code, 0);
  // The state, not the model: that is the best epoch's, and the interrupted run has had one more.
  const fs::path last = "checkpoints/step-000020/tensors.bin";
  EXPECT_TRUE(file_contents(first / last) == file_contents(run / last));

  fs::remove_all(run);
  ASSERT_EQ(train("own", {"--max-steps", "20"}).exit_code, 0);
  EXPECT_FALSE(file_contents(first / last) == file_contents(run / last))
      << "another library rounds otherwise: was it asked at all?";
}

TEST(ProductsRun, BlasHasNoBf16) {
  const TemporaryFolder folder;
  const ProgramResult asked =
      run_runner(products_run(folder / "run", "blas", {"--precision", "bf16"}), in_source());
  EXPECT_EQ(asked.exit_code, 2);
  EXPECT_THAT(asked.err, HasSubstr("train.products"));
  EXPECT_THAT(asked.err, HasSubstr("blas multiplies fp32 only"));
  const ProgramResult fitting = run_runner(
      products_run(folder / "run", "blas", {"--precision", "auto", "--max-steps", "1"}), in_source());
  if (fitting.exit_code == 4) GTEST_SKIP() << fitting.err;
  EXPECT_EQ(result_of(fitting).value("precision", ""), "fp32") << fitting.err;
}

TEST(ProductsRun, AnEngineWithoutAChoiceSaysSo) {
  const TemporaryFolder folder;
  const ProgramResult plain = run_runner(
      products_run(folder / "run", "own", {"--set", "train.engine=plain", "--max-steps", "1"}), in_source());
  ASSERT_EQ(plain.exit_code, 0) << plain.err;
  EXPECT_THAT(plain.err, HasSubstr("train.products has no effect"));
  EXPECT_TRUE(result_of(plain).at("products").is_null());
}

#if defined(__x86_64__)
TEST(ProductsRun, AutoIsOurOwnOnX86) {
  const TemporaryFolder folder;
  const ProgramResult run =
      run_runner(products_run(folder / "run", "auto", {"--max-steps", "1"}), in_source());
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(result_of(run).value("products", ""), "own");
  EXPECT_EQ(result_of(run).value("products_reason", ""), "auto on x86-64");
}
#endif

}  // namespace
}  // namespace runner::test
