// `runner plan` and --dry-run write nothing, whatever the job.
#include <gmock/gmock.h>

#include <set>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

namespace fs = std::filesystem;

const std::string sample = RUNNER_SOURCE_DIR "/artifacts/sample/cppdocs_768.npz";
const std::string model = RUNNER_SOURCE_DIR "/tests/fixtures/old_model/best_model_torch113.pt";

std::set<std::string> files_in(const fs::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) files.insert(entry.path().string());
  return files;
}

class PlanOnly : public testing::TestWithParam<const char*> {};

TEST_P(PlanOnly, WritesNothing) {
  const TemporaryFolder folder;
  const std::string job = GetParam();
  folder.write("any.index", "not read before it runs");
  const std::string body = job == "eval" ? "model: " + model + "\narticles: " + sample +
                                               "\nval: {vectors: " + sample + ", context: 5}\noutput: out\n"
                           : job == "search" ? "index: any.index\nqueries: " + sample + "\noutput: out.npz\n"
                           : job == "smoke"  ? ""
                           : job == "train"  ? "data: {vectors: " + sample + "}\noutput: out\n"
                           : job == "index"  ? "input: {vectors: " + sample + "}\noutput: out.index\n"
                                             : "input: {vectors: " + sample + "}\noutput: out.npz\n";
  folder.write("job.yaml", "job: " + job + "\n" + body);
  const auto before = files_in(folder.path());
  ProgramOptions options;
  options.folder = folder.path().string();
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"plan", "job.yaml"}, {job, "--config", "job.yaml", "--dry-run"}}) {
    if (job == "search" || job == "smoke")
      if (words[0] != "plan") continue;  // they take no CONFIG
    const ProgramResult run = run_runner(words, options);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.out, testing::Not(testing::IsEmpty()));
    EXPECT_EQ(files_in(folder.path()), before) << words[0];
  }
}

INSTANTIATE_TEST_SUITE_P(Jobs, PlanOnly,
                         testing::Values("eval", "search", "smoke", "train", "index", "sequences"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace runner::test
