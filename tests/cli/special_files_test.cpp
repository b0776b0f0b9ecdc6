// What is no regular file at an input's place: refused in one line, at once. A fifo would be waited for, for
// ever.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <functional>

#include "data/formats/numpy/npz_writer.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string source = RUNNER_SOURCE_DIR;

// A runner that hangs is killed, and is a failure by its exit code 124.
ProgramResult run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"timeout", "60", std::string(RUNNER_BUILD_DIR) + "/runner"});
  return run_program(arguments, {.folder = source, .environment = {}});
}

struct Kind {
  const char* name;
  std::function<void(const fs::path&)> make;
};

void make_socket(const fs::path& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(fd);
}

const std::vector<Kind> kinds = {
    {"a fifo", [](const fs::path& path) { ::mkfifo(path.c_str(), 0600); }},
    {"a socket", make_socket},
    {"a device", [](const fs::path& path) { fs::create_symlink("/dev/zero", path); }}};

class SpecialFiles : public testing::Test {
 protected:
  // Each kind as FOLDER/NAME, which the command reads.
  void expect_refused(const std::string& name, const std::vector<std::string>& command) {
    for (const Kind& kind : kinds) {
      fs::remove(folder / name);
      kind.make(folder / name);
      const ProgramResult result = run(command);
      EXPECT_EQ(result.exit_code, 3) << kind.name << ": " << command[0] << "\n" << result.err;
      EXPECT_THAT(result.err,
                  HasSubstr((folder / name).string() + ": is " + kind.name + ", expected a regular file"))
          << command[0];
    }
  }
  std::string path(const std::string& name) { return (folder / name).string(); }

  TemporaryFolder folder;
};

TEST_F(SpecialFiles, AsVectorsOfEveryJob) {
  expect_refused("x.npz", {"train", "configs/p6b_v23.yaml", "--npz", path("x.npz"), "--output", path("run")});
  expect_refused("x.npz", {"sequences", "configs/sequences_ctx5.yaml", "--npz", path("x.npz"), "--output",
                           path("out.npz")});
}

TEST_F(SpecialFiles, AsModels) {
  expect_refused("x.pt",
                 {"eval", "configs/eval_5cat.yaml", "--model", path("x.pt"), "--output", path("o.json")});
  folder.write("config.json",
               R"({"model_type": "transformer", "model_config": {"input_dim": 768, "d_model": 16,
                                "nhead": 2, "num_layers": 1, "dropout": 0.0, "output_dim": 768}})");
  expect_refused("x.safetensors", {"train", "configs/p6b_v23.yaml", "--init", path("x.safetensors"),
                                   "--output", path("run"), "--max-steps", "1"});
}

TEST_F(SpecialFiles, AsQueriesAndIndex) {
  const ProgramResult built =
      run({"index", "configs/index_flat_ip.yaml", "--quiet", "--output", path("some.index")});
  ASSERT_EQ(built.exit_code, 0) << built.err;
  expect_refused("q.npz",
                 {"search", path("some.index"), "--queries", path("q.npz"), "--output", path("n.npz")});
  expect_refused("x.index", {"search", path("x.index"), "--queries", "artifacts/sample/cppdocs_768.npz",
                             "--output", path("n.npz")});
  expect_refused("x.npy", {"index", "configs/index_flat_ip.yaml", "--npz", path("x.npy"), "--output",
                           path("out.index")});
}

// Files of a run that the user does not name.
TEST_F(SpecialFiles, WithinARun) {
  const ProgramResult trained =
      run({"train", "configs/mse_transformer.yaml", "--max-steps", "2", "--quiet", "--set",
           "model.d_model=16", "--set", "model.heads=2", "--set", "model.layers=1", "--set",
           "model.feedforward=16", "--set", "train.batch_size=4", "--output", path("run")});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const std::vector<std::string> eval = {"eval",     "configs/eval_5cat.yaml", "--model", path("run"),
                                         "--output", path("o.json"),           "--set",   "samples=4"};
  for (const char* name : {"run/config.yaml", "run/config.json", "run/model.safetensors"}) {
    fs::rename(folder / name, folder / "kept");
    expect_refused(name, eval);
    fs::rename(folder / "kept", folder / name);
  }
  const std::vector<std::string> predict = {
      "predict", path("run"), "--npz", "artifacts/sample/cppdocs_768.npz", "--output", path("p.npz")};
  expect_refused("a.npz", {"eval", "configs/eval_5cat.yaml", "--model", path("run"), "--npz", path("a.npz"),
                           "--output", path("o.json")});
  expect_refused("p.index", {"predict", path("run"), "--npz", "artifacts/sample/cppdocs_768.npz", "--index",
                             path("p.index"), "--output", path("p.npz")});
  fs::rename(folder / "run/config.yaml", folder / "kept");
  expect_refused("run/config.yaml", predict);
}

TEST_F(SpecialFiles, APipeIsRefusedWithTheWayOut) {
  const ProgramResult result =
      run_program({"bash", "-c",
                   "cat artifacts/sample/cppdocs_768.npz | timeout 60 " + std::string(RUNNER_BUILD_DIR) +
                       "/runner train configs/p6b_v23.yaml --npz /dev/stdin --output " + path("run")},
                  {.folder = source, .environment = {}});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.err,
              HasSubstr("/dev/stdin: is a fifo, expected a regular file: write what comes out of it"));
}

}  // namespace
}  // namespace runner::test
