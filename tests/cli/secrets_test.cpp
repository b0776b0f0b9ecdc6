#include <gmock/gmock.h>

#include "base/json.h"
#include "base/secrets.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* secret = "s3cr3t/\"and<long>";

TEST(Secrets, AreVariablesWithOneOfTheWordsInTheirNames) {
  for (const char* name : {"TOKEN", "HF_TOKEN", "aws_secret_access_key", "ApiKey", "PGPASSWORD",
                           "MYSQL_PASSWD", "GOOGLE_APPLICATION_CREDENTIALS"})
    EXPECT_TRUE(names_secret(name)) << name;
  for (const char* name : {"PATH", "OMP_NUM_THREADS", "KMP_DUPLICATE_LIB_OK", "PASS", ""})
    EXPECT_FALSE(names_secret(name)) << name;
}

// The secret is in a key of the config and in a word of the command line.
class SecretsOfARun : public ::testing::Test {
 protected:
  SecretsOfARun() {
    options_.folder = folder_.path().string();
    options_.environment = {{"JOB_API_token", secret}, {"RUNNER_CACHE_DIR", (folder_ / "cache").string()}};
    folder_.write("train.yaml",
                  "job: train\nname: \"${JOB_API_token}\"\noutput: run\n"
                  "data: {vectors: " RUNNER_SOURCE_DIR
                  "/artifacts/sample/cppdocs_768.npz}\n"
                  "model: {type: gru, d_model: 16, layers: 1}\nloss: {recipe: mse}\n"
                  "train: {epochs: 1, batch_size: 256}\ndevice: cpu\nprecision: fp32\n");
  }
  // Neither in what was printed nor in any file.
  void expect_hidden(const ProgramResult& result) {
    for (const std::string& form : {std::string(secret), std::string("s3cr3t")}) {
      EXPECT_THAT(result.out, Not(HasSubstr(form)));
      EXPECT_THAT(result.err, Not(HasSubstr(form)));
      for (const auto& entry : fs::recursive_directory_iterator(folder_.path()))
        if (entry.is_regular_file() && entry.path().filename() != "secrets.json") {
          EXPECT_EQ(file_contents(entry.path()).find(form), std::string::npos) << entry.path();
        }
    }
  }

  TemporaryFolder folder_;
  ProgramOptions options_;
};

TEST_F(SecretsOfARun, StandInNothingThatATrainingPrintsOrWrites) {
  const ProgramResult first = run_runner({"train", "train.yaml", "--explain-env", "--verbose"}, options_);
  ASSERT_EQ(first.exit_code, 0) << first.err;
  expect_hidden(first);
  EXPECT_THAT(file_contents(folder_ / "run/config.yaml"), HasSubstr("${JOB_API_token}"));
  const ProgramResult resumed =
      run_runner({"train", "train.yaml", "--epochs", "2", "--resume", "--allow-changed", "--json"}, options_);
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  expect_hidden(resumed);
  options_.environment["JOB_API_token"] = "";
  const ProgramResult shown = run_runner({"runs", "show", "run"}, options_);
  EXPECT_EQ(shown.exit_code, 0) << "a record is read without the variable: " << shown.err;
  const ProgramResult predicted = run_runner(
      {"predict", "run", "--npz", RUNNER_SOURCE_DIR "/artifacts/sample/cppdocs_768.npz", "--output", "p.npz"},
      options_);
  EXPECT_EQ(predicted.exit_code, 0) << predicted.err;
}

TEST_F(SecretsOfARun, AreTheTrueOnesForTheRunAndItsRecordsAreFoundAgain) {
  fs::create_directories(folder_ / secret);
  fs::copy(RUNNER_SOURCE_DIR "/artifacts/sample/cppdocs_768.npz", folder_ / secret / "v.npz");
  folder_.write("index.yaml",
                "job: index\ninput: {vectors: \"${JOB_API_token}/v.npz\"}\noutput: out.index\n");
  const ProgramResult built = run_runner({"index", "index.yaml", "--json"}, options_);
  ASSERT_EQ(built.exit_code, 0) << built.err;
  expect_hidden(built);
  const ProgramResult again = run_runner({"index", "index.yaml"}, options_);
  EXPECT_THAT(again.err + again.out, HasSubstr("unchanged"));
  const ProgramResult verified = run_runner({"runs", "verify", "out.index"}, options_);
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  expect_hidden(verified);
  const ProgramResult typed = run_runner(
      {"index", "index.yaml", "--set", std::string("input.vectors=") + secret + "/v.npz", "--dry-run"},
      options_);
  EXPECT_EQ(typed.exit_code, 0) << typed.err;
  expect_hidden(typed);
}

// Of any length, since the place in the file says that it is one.
TEST_F(SecretsOfARun, AreShownAsTheirVariablesWhereAConfigNamesThem) {
  options_.environment["JOB_API_token"] = "x7";
  folder_.write("wrong.yaml", "job: train\ntrain: {epochs: \"${JOB_API_token}\"}\n");
  for (const auto& more : {std::vector<std::string>{}, {"--json"}}) {
    std::vector<std::string> command = {"config", "show", "train.yaml"};
    command.insert(command.end(), more.begin(), more.end());
    const ProgramResult shown = run_runner(command, options_);
    ASSERT_EQ(shown.exit_code, 0) << shown.err;
    EXPECT_THAT(shown.out, HasSubstr("${JOB_API_token}"));
    EXPECT_THAT(shown.out, Not(HasSubstr("x7")));
  }
  const ProgramResult wrong = run_runner({"config", "check", "wrong.yaml"}, options_);
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("${JOB_API_token}"));
  EXPECT_THAT(wrong.err, Not(HasSubstr("x7")));
}

TEST_F(SecretsOfARun, AreInNoUnitRecordOrLogOfASchedule) {
  folder_.write(
      "bin/crontab",
      "#!/bin/sh\nf='" + (folder_ / "tab").string() +
          "'\ncase $1 in\n-l) [ -f \"$f\" ] && cat \"$f\" || { echo no crontab for you >&2; exit 1; } ;;\n"
          "-) cat > \"$f\" ;;\n*) rm -f \"$f\" ;;\nesac\n");
  fs::permissions(folder_ / "bin/crontab", fs::perms::owner_all);
  folder_.write("nightly.yaml",
                "job: index\ninput: {vectors: \"${JOB_API_token}.npy\"}\noutput: out.index\n");
  std::string file = secret;
  file = file.substr(file.find('/') + 1);
  fs::create_directory(folder_ / "s3cr3t");
  folder_.write("s3cr3t/" + file + ".npy", "not an array");
  options_.environment.insert({{"PATH", (folder_ / "bin").string() + ":" + std::getenv("PATH")},
                               {"HOME", folder_.path().string()},
                               {"XDG_STATE_HOME", (folder_ / "state").string()}});
  const ProgramResult unit = run_runner(
      {"schedule", "install", "nightly.yaml", "--at", "hourly", "--with", "systemd", "--dry-run"}, options_);
  ASSERT_EQ(unit.exit_code, 0) << unit.err;
  EXPECT_THAT(unit.out, Not(HasSubstr("JOB_API_token")));
  const ProgramResult installed =
      run_runner({"schedule", "install", "nightly.yaml", "--at", "hourly", "--with", "cron"}, options_);
  ASSERT_EQ(installed.exit_code, 0) << installed.err;
  EXPECT_THAT(installed.err, HasSubstr("secrets.json"));
  expect_hidden(installed);
  options_.environment["JOB_API_token"] = "";  // as a timer has it
  const ProgramResult run = run_runner({"schedule", "start", "nightly.yaml"}, options_);
  EXPECT_EQ(run.exit_code, 3) << "it read the file, which is no array: " << run.err;
  expect_hidden(run);
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "state"))
    if (entry.path().filename() == "secrets.json") {
      EXPECT_EQ(fs::status(entry.path()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
      EXPECT_THAT(file_contents(entry.path()), HasSubstr("s3cr3t"));
    }
}

}  // namespace
}  // namespace runner::test
