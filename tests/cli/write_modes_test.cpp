#include <gmock/gmock.h>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;

// Under a umask that lets everybody write, as some containers and mounts have it.
TEST(WriteModes, NothingThatIsWrittenIsWritableByOthers) {
  TemporaryFolder folder;
  folder.write("train.yaml",
               "job: train\noutput: new/run\n"
               "data: {vectors: " RUNNER_SOURCE_DIR
               "/artifacts/sample/cppdocs_768.npz}\n"
               "model: {type: gru, d_model: 16, layers: 1}\nloss: {recipe: mse}\n"
               "train: {epochs: 1, batch_size: 256}\ndevice: cpu\nprecision: fp32\n");
  ProgramOptions options;
  options.folder = folder.path().string();
  options.environment = {{"RUNNER_CACHE_DIR", (folder / "cache").string()}};
  const std::string runner = RUNNER_BUILD_DIR "/runner";
  const ProgramResult result =
      run_program({"sh", "-c", "umask 000; exec " + runner + " train train.yaml"}, options);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::size_t seen = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    if (entry.path().filename() == "train.yaml" || entry.is_symlink()) continue;
    ++seen;
    EXPECT_EQ(entry.status().permissions() & (fs::perms::group_write | fs::perms::others_write),
              fs::perms::none)
        << entry.path();
  }
  EXPECT_GT(seen, 15U);
  const ProgramResult other =
      run_program({"sh", "-c", "umask 000; exec " + runner + " exec -- sh -c umask"}, options);
  EXPECT_EQ(other.out, "0000\n") << "other people's programs keep theirs";
}

}  // namespace
}  // namespace runner::test
