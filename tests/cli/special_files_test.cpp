// What is no regular file at an input's place: refused in one line, at once. A fifo would be waited for, for
// ever.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <functional>

#include "data/npz_writer.h"
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
  for (const char* config : {"train configs/p6b_v23.yaml", "sequences configs/sequences_ctx5.yaml"}) {
    const std::string text = config;
    const std::size_t space = text.find(' ');
    expect_refused("x.npz", {text.substr(0, space), text.substr(space + 1), "--npz", path("x.npz"),
                             "--output", path("out.npz")});
  }
}

TEST_F(SpecialFiles, AsModels) {
  expect_refused("x.pt",
                 {"eval", "configs/eval_5cat.yaml", "--model", path("x.pt"), "--output", path("o.json")});
  expect_refused("x.safetensors", {"train", "configs/p6b_v23.yaml", "--init", path("x.safetensors"),
                                   "--output", path("run"), "--max-steps", "1"});
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
