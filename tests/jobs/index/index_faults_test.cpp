#include <signal.h>
#include <sys/wait.h>

#include "base/file_lock.h"
#include "jobs/index/index_runs.h"

namespace runner::test {
namespace {
using ::testing::HasSubstr;

class IndexFaults : public IndexRuns {
 protected:
  pid_t start(const std::vector<std::string>& flags) const {
    std::vector<std::string> command = words(flags);
    command.insert(command.begin(), std::string(RUNNER_BUILD_DIR) + "/runner");
    std::vector<char*> argv;
    for (std::string& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t child = ::fork();
    if (child != 0) return child;
    for (const int fd : {1, 2}) ::dup2(::open("/dev/null", O_WRONLY), fd);
    for (const auto& [name, value] : options_.environment) ::setenv(name.c_str(), value.c_str(), 1);
    if (::chdir(options_.folder.c_str()) == 0) ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ProgramResult shell(const std::string& script) const {
    return run_program({"sh", "-c", "runner=" + std::string(RUNNER_BUILD_DIR) + "/runner; " + script},
                       options_);
  }
};

TEST_F(IndexFaults, KilledAtAnyMomentThePublishedIndexIsTheOldOrTheNew) {
  const std::string of_a = expected("a.npz"), of_b = expected("b.npz");
  ASSERT_EQ(index().exit_code, 0);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(index({"--force"}).exit_code, 0);
  const double whole = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::mt19937 random(std::random_device{}());
  int changed = 0;
  for (int round = 0; round < 20; ++round) {
    const bool was_a = published() == of_a;
    const pid_t launcher = start({"--force", "--npz", was_a ? "b.npz" : "a.npz"});
    std::uniform_real_distribution<double> moment(0, 1.1 * whole);
    ::usleep(static_cast<useconds_t>(moment(random) * 1e6));
    ::kill(launcher, SIGKILL);
    ::waitpid(launcher, nullptr, 0);
    const auto ended = FileLock::wait(folder_ / "out/x.index.lock");  // the worker dies with its launcher
    const std::string now = published();
    ASSERT_TRUE(now == of_a || now == of_b) << "round " << round << ": " << now.size() << " bytes";
    changed += (now == of_a) != was_a;
  }
  std::printf("%d of 20 kills came after the switch\n", changed);
  EXPECT_EQ(index({"--force"}).exit_code, 0);
  EXPECT_THAT(left(".tmp"), ::testing::IsEmpty());
}

// Every write beyond 500 KB fails, as on a disk that fills up while the index is written.
TEST_F(IndexFaults, AWriteThatFailsLeavesTheOldIndex) {
  ASSERT_EQ(index().exit_code, 0);
  const std::string before = published();
  for (const char* factory : {"Flat", "IVF16,Flat"}) {
    const ProgramResult run =
        shell("trap '' XFSZ; ulimit -f 1000; \"$runner\" index index.yaml --npz b.npz --set index.factory=" +
              std::string(factory));
    EXPECT_EQ(run.exit_code, 1) << factory << run.err;
    EXPECT_THAT(run.err, HasSubstr("cannot write")) << factory;
    EXPECT_TRUE(published() == before) << factory;
    EXPECT_THAT(left(".tmp"), ::testing::IsEmpty()) << factory;
  }
}

TEST_F(IndexFaults, ASmallDiskIsRefusedBeforeAnythingIsWritten) {
  const std::string mount = "mount -t tmpfs -o size=1500k tmpfs out";
  std::filesystem::create_directories(folder_ / "out");
  if (run_program({"unshare", "-Urm", "sh", "-c", mount}, options_).exit_code != 0)
    GTEST_SKIP() << "this user cannot mount a tmpfs in a namespace of its own";
  const std::string index = "\"$runner\" index index.yaml";
  const ProgramResult run =
      shell("export runner; unshare -Urm sh -c '" + mount + " && " + index + " && cp out/x.index before && " +
            index + " --npz b.npz; code=$?; cmp before out/x.index && " + "ls out && exit $code'");
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr("are free"));
}

}  // namespace
}  // namespace runner::test
