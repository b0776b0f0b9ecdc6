// The folder of a run that did not end as it should have, and the link `latest` beside one that did.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "base/file_lock.h"
#include "jobs/train/run_compare.h"
#include "jobs/train/small_run.h"
#include "worker/launch/outcome.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;

Json manifest_of(const fs::path& run) {
  return Json::parse(file_contents(run / "manifest.json"), nullptr, false);
}

std::string listed_outcome(const fs::path& folder) {
  const Json runs = Json::parse(run_runner({"runs", "list", folder.string(), "--json"}).out)["runs"];
  return runs.size() == 1 ? runs[0].value("outcome", "") : std::to_string(runs.size()) + " runs";
}

bool has_checkpoint(const fs::path& run) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(run / "checkpoints", error))
    if (entry.path().filename().string().rfind("step-", 0) == 0) return true;
  return false;
}

// Starts `runner`, waits until the run has a checkpoint, does `meanwhile`, and waits for the end. `aside` is
// where the checkpoints of the run before go first, if there was one.
ProgramResult run_with_interference(const fs::path& run, const std::function<void()>& meanwhile,
                                    std::vector<std::string> more = {"--set", "train.epochs=500"},
                                    const fs::path& aside = "") {
  ProgramResult result;
  std::atomic<bool> ended{false};
  std::thread program([&] {
    result = run_runner(small_run(run, more), in_source());
    ended = true;
  });
  while (!ended && !((aside.empty() || fs::exists(aside)) && has_checkpoint(run)))
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  if (!ended) meanwhile();
  program.join();
  return result;
}

void kill_run(const fs::path& run) {
  const int pid = FileLock::held(run / ".lock") ? FileLock::holder(run / ".lock") : 0;
  if (pid > 0) ::kill(pid, SIGKILL);
}

// --- who opens a folder
// -------------------------------------------------------------------------------------

TEST(AManifestThatSaysRunning, IsSettledByWhoeverLooks) {
  const TemporaryFolder folder;
  folder.write("run/manifest.json", R"({"job": "train", "name": "a", "outcome": "running"})");
  folder.write("run/.lock", "4711\n");
  EXPECT_EQ(listed_outcome(folder.path()), "interrupted");
  EXPECT_EQ(manifest_of(folder / "run")["outcome"], "interrupted");
  EXPECT_EQ(manifest_of(folder / "run")["name"], "a");
  folder.write("shown/manifest.json", R"({"job": "train", "outcome": "running"})");
  const ProgramResult shown = run_runner({"runs", "show", (folder / "shown").string(), "--json"});
  EXPECT_EQ(Json::parse(shown.out)["outcome"], "interrupted");
}

TEST(AManifestThatSaysRunning, IsTrueWhileTheLockIsHeld) {
  const TemporaryFolder folder;
  folder.write("run/manifest.json", R"({"job": "train", "outcome": "running"})");
  const FileLock lock = FileLock::wait(folder / "run/.lock");
  EXPECT_EQ(listed_outcome(folder.path()), "running");
  EXPECT_EQ(manifest_of(folder / "run")["outcome"], "running");
}

TEST(AManifestThatSaysRunning, IsNotBelievedInAFolderToReadOnly) {
  const TemporaryFolder folder;
  folder.write("run/manifest.json", R"({"job": "train", "outcome": "running"})");
  ::chmod((folder / "run").c_str(), 0555);
  EXPECT_EQ(listed_outcome(folder.path()), "interrupted");
  ::chmod((folder / "run").c_str(), 0755);
}

TEST(AWorkerStoppedByForce, IsRecordedByItsLauncher) {
  const TemporaryFolder folder;
  const fs::path run = folder / "run";
  const ProgramResult killed = run_with_interference(run, [&] { kill_run(run); });
  EXPECT_EQ(killed.exit_code, 137);
  EXPECT_EQ(manifest_of(run)["outcome"], "crashed");
  EXPECT_NE(killed.err.find("--resume --output " + run.string()), std::string::npos) << killed.err;
}

// --- the folder goes away
// -----------------------------------------------------------------------------------

TEST(AFolderThatGoesAway, RemovedIsNamed) {
  const TemporaryFolder folder;
  const fs::path run = folder / "run";
  const ProgramResult result = run_with_interference(run, [&] {
    std::error_code written_meanwhile;
    do fs::remove_all(run, written_meanwhile);
    while (written_meanwhile);
  });
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find(run.string() + ": the run's folder was removed"), std::string::npos)
      << result.err;
  EXPECT_FALSE(fs::exists(folder / "latest"));
  EXPECT_EQ(run_runner({"runs", "list", folder.path().string()}).out,
            "no runs under " + folder.path().string() + "\n");
}

TEST(AFolderThatGoesAway, RenamedIsNamedAndGoesOnUnderItsNewName) {
  const TemporaryFolder folder;
  const fs::path run = folder / "run", moved = folder / "moved";
  const ProgramResult result = run_with_interference(run, [&] { fs::rename(run, moved); });
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find(run.string() + ": the run's folder was removed, renamed"), std::string::npos);
  EXPECT_FALSE(fs::exists(run)) << "made anew by somebody who wrote into it";
  EXPECT_EQ(listed_outcome(folder.path()), "interrupted");
  const ProgramResult on = run_runner(small_run(folder / "unused", {"--resume=" + moved.string(), "--set",
                                                                    "train.epochs=500", "--max-steps", "1"}),
                                      in_source());
  EXPECT_EQ(on.exit_code, 0) << on.err;
  EXPECT_EQ(manifest_of(moved)["outcome"], "finished");
}

TEST(AFolderThatGoesAway, IsLeftToTheRunThatTookItsName) {
  const TemporaryFolder folder;
  const fs::path run = folder / "run", moved = folder / "moved";
  ProgramResult second;
  const ProgramResult first = run_with_interference(run, [&] {
    fs::rename(run, moved);
    second = run_runner(small_run(run), in_source());
  });
  EXPECT_EQ(first.exit_code, 1);
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(manifest_of(run)["outcome"], "finished");
}

TEST(AFileThatGoesAway, IsNamedAtTheEnd) {
  const TemporaryFolder folder;
  const fs::path run = folder / "run";
  const ProgramResult result = run_with_interference(run, [&] { fs::remove(run / "config.yaml"); }, {});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("config.yaml: was removed"), std::string::npos) << result.err;
  EXPECT_EQ(manifest_of(run)["outcome"], "failed");
}

// --- starts in a used folder
// --------------------------------------------------------------------------------

TEST(AccidentalStarts, LoseNothingAndTellTheWayBack) {
  const TemporaryFolder folder;
  const fs::path run = folder / "run";
  const std::vector<std::string> long_run = {"--set", "train.epochs=500"};
  const ProgramResult killed = run_with_interference(run, [&] { kill_run(run); });
  ASSERT_EQ(killed.exit_code, 137);
  const std::string metrics = file_contents(run / "metrics.jsonl");
  std::string first_warning;
  for (int i = 0; i < 2; ++i) {  // two starts that were not meant, killed as well
    const fs::path fresh = run / (i == 0 ? "checkpoints.old" : "checkpoints.old_2");
    const ProgramResult accident = run_with_interference(
        run, [&] { kill_run(run); }, {"--set", "train.epochs=400", "--seed", "7"}, fresh);
    ASSERT_EQ(accident.exit_code, 137) << accident.err;
    ASSERT_TRUE(fs::exists(fresh)) << accident.err;
    if (i == 0) first_warning = accident.err;
  }
  // The lines of the first warning, as they were printed.
  const std::size_t start = first_warning.find("  mv ");
  ASSERT_NE(start, std::string::npos) << first_warning;
  const std::string lines = first_warning.substr(start, first_warning.find('\n', start) - start);
  const ProgramResult back = run_program({"sh", "-c", lines + " --max-steps 1"}, in_source());
  EXPECT_EQ(back.exit_code, 0) << lines << back.err;
  EXPECT_NE(back.err.find("going on from"), std::string::npos) << back.err;
  const std::string now = file_contents(run / "metrics.jsonl");
  EXPECT_EQ(now.substr(0, 20), metrics.substr(0, 20));
  EXPECT_NE(file_contents(run / "config.yaml").find("epochs: 500"), std::string::npos);
  EXPECT_TRUE(fs::exists(run / "checkpoints.old_2"));
}

// --- latest
// -------------------------------------------------------------------------------------------------

class Latest : public testing::Test {
 protected:
  ProgramResult train(const std::vector<std::string>& more, const fs::path& from = RUNNER_SOURCE_DIR,
                      const char* steps = "2") const {
    std::vector<std::string> arguments = small_run(folder_ / "run", {"--max-steps", steps});
    arguments[1] = std::string(RUNNER_SOURCE_DIR) + "/configs/p6b_v23.yaml";
    const std::string sample = std::string(RUNNER_SOURCE_DIR) + "/artifacts/sample/cppdocs_768.npz";
    arguments.insert(arguments.end(), {"--npz", sample});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_runner(arguments, {from.string(), {}});
  }
  void expect_finished(const ProgramResult& result, const fs::path& run) const {
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(manifest_of(run)["outcome"], "finished");
  }
  TemporaryFolder folder_;
};

TEST_F(Latest, AUsersFileStays) {
  folder_.write("latest", "notes\n");
  const ProgramResult result = train({});
  expect_finished(result, folder_ / "run");
  EXPECT_EQ(file_contents(folder_ / "latest"), "notes\n");
  EXPECT_NE(result.err.find("a file has this name"), std::string::npos) << result.err;
}

TEST_F(Latest, AUsersFolderStays) {
  folder_.write("latest/notes", "notes\n");
  expect_finished(train({}), folder_ / "run");
  EXPECT_EQ(file_contents(folder_ / "latest/notes"), "notes\n");
}

TEST_F(Latest, AForeignLinkStays) {
  folder_.write("elsewhere/notes", "notes\n");
  for (const fs::path& to : {fs::path("elsewhere"), folder_ / "elsewhere", fs::path("../nowhere")}) {
    fs::remove(folder_ / "latest");
    fs::create_symlink(to, folder_ / "latest");
    expect_finished(train({}), folder_ / "run");
    EXPECT_EQ(fs::read_symlink(folder_ / "latest"), to);
  }
}

TEST_F(Latest, IsTheNameOfARunItself) {
  expect_finished(train({"--output", (folder_ / "latest").string()}), folder_ / "latest");
  EXPECT_FALSE(fs::is_symlink(folder_ / "latest"));
}

TEST_F(Latest, LeadsToTheRunHoweverItsFolderIsNamed) {
  fs::create_directories(folder_ / "runs/run");
  const fs::path run = folder_ / "runs/run";
  expect_finished(train({"--output", "."}, run), run);
  EXPECT_EQ(fs::read_symlink(folder_ / "runs/latest"), "run");
  for (const std::string& name : {run.string() + "/", (folder_ / "runs/./run/../run").string(),
                                  (folder_ / "runs/latest").string(), (folder_ / "runs/latest/").string()}) {
    expect_finished(train({"--output", name}), run);
    EXPECT_EQ(fs::read_symlink(folder_ / "runs/latest"), "run") << name;
  }
  expect_finished(train({"--resume=" + (folder_ / "runs/latest").string()}, RUNNER_SOURCE_DIR, "3"), run);
  EXPECT_EQ(fs::read_symlink(folder_ / "runs/latest"), "run");
}

TEST_F(Latest, ThatNamesARunThatIsGoneIsReplaced) {
  fs::create_symlink("gone", folder_ / "latest");
  expect_finished(train({}), folder_ / "run");
  EXPECT_EQ(fs::read_symlink(folder_ / "latest"), "run");
}

}  // namespace
}  // namespace runner::test
