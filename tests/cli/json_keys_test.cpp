// What every command prints with --json, held against what src/contract/json_keys.h declares of it.

#include "contract/json_keys.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {
using ::testing::AnyOf;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

// A key of the object, or of a part whose keys stand in it too.
const JsonKey* declared_key(const JsonObject& object, const std::string& name) {
  const JsonKey* other = nullptr;
  for (const JsonKey& key : object.keys) {
    if (key.plain_name() == name) return &key;
    if (key.plain_name() == "*") other = &key;
    if (key.plain_name().empty())
      if (const JsonKey* inside = declared_key(*find_json_object(key.type), name)) return inside;
  }
  return other;
}

void expect_keys(const Json& value, const JsonObject& object, const std::string& where);

void expect_type(const Json& value, std::string type, const std::string& where) {
  if (type.ends_with("|null")) {
    if (value.is_null()) return;
    type.resize(type.size() - 5);
  }
  const std::string inside = type.size() > 2 ? type.substr(1, type.size() - 2) : "";
  if (type.front() == '[') {
    ASSERT_TRUE(value.is_array()) << where << " is " << value;
    for (const Json& item : value) expect_type(item, inside, where + "[]");
  } else if (type.front() == '{') {
    ASSERT_TRUE(value.is_object()) << where << " is " << value;
    for (const auto& [name, item] : value.items()) expect_type(item, inside, where + "." + name);
  } else if (type == "text") {
    EXPECT_TRUE(value.is_string()) << where << " is " << value;
  } else if (type == "count") {
    EXPECT_TRUE(value.is_number_integer()) << where << " is " << value;
  } else if (type == "number") {
    EXPECT_TRUE(value.is_number()) << where << " is " << value;
  } else if (type == "flag") {
    EXPECT_TRUE(value.is_boolean()) << where << " is " << value;
  } else if (type != "any") {
    const JsonObject* part = find_json_object(type);
    ASSERT_NE(part, nullptr) << where << " has a type that is not declared, " << type;
    expect_keys(value, *part, where);
  }
}

void expect_all_there(const Json& value, const JsonObject& object, const std::string& where) {
  for (const JsonKey& key : object.keys) {
    if (key.plain_name().empty())
      expect_all_there(value, *find_json_object(key.type), where);
    else if (!key.may_be_absent() && key.plain_name() != "*" && !value.contains(key.plain_name()))
      ADD_FAILURE() << where << " lacks " << key.name << ": " << value;
  }
}

void expect_keys(const Json& value, const JsonObject& object, const std::string& where) {
  ASSERT_TRUE(value.is_object()) << where << " is " << value;
  for (const auto& [name, item] : value.items()) {
    const JsonKey* key = declared_key(object, name);
    if (key == nullptr)
      ADD_FAILURE() << where << "." << name << " is not declared in src/contract/json_keys_*.cpp: " << item;
    else
      expect_type(item, key->type, where + "." + name);
  }
  expect_all_there(value, object, where);
}

const std::string rows = RUNNER_SOURCE_DIR "/tests/fixtures/sequences/input.npz";  // 1680 of width 8

class JsonKeys : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory_symlink(RUNNER_SOURCE_DIR "/configs", folder_ / "configs");
    folder_.write("bin/crontab",  // a user's own; cron does not run here
                  "#!/bin/sh\nf='" + (folder_ / "tab").string() +
                      "'\ncase $1 in\n"
                      "-l) [ -f \"$f\" ] && cat \"$f\" || { echo no crontab for you >&2; exit 1; } ;;\n"
                      "-r) rm -f \"$f\" ;;\n-) cat > \"$f\" ;;\nesac\n");
    std::filesystem::permissions(folder_ / "bin/crontab", std::filesystem::perms::owner_all);
    folder_.write("a.yaml", "job: index\ninput: {vectors: '" + rows + "'}\noutput: a.index\n");
    folder_.write("p.yaml", "job: predict\nmodel: m/run\ninput: {vectors: '" + rows + "'}\n");
    options_.folder = folder_.path().string();
    options_.environment = {{"PATH", (folder_ / "bin").string() + ":" + std::getenv("PATH")},
                            {"HOME", folder_.path().string()},
                            {"XDG_STATE_HOME", (folder_ / "state").string()},
                            {"OMP_NUM_THREADS", "2"}};
  }

  Json told(Words words, const std::string& name) {
    words.emplace_back("--json");
    const ProgramResult run = run_runner(words, options_);
    EXPECT_THAT(run.exit_code, AnyOf(0, 5)) << name << run.err;
    const std::size_t end = run.out.find_last_not_of('\n');
    if (end == std::string::npos) return {};
    const std::size_t start = run.out.rfind('\n', end);
    return Json::parse(run.out.substr(start == std::string::npos ? 0 : start + 1), nullptr, false);
  }

  // `name`: of the object that is declared.
  void expect_declared(const std::string& name, const Words& words) {
    const JsonObject* object = find_json_object(name);
    ASSERT_NE(object, nullptr) << name;
    expect_keys(told(words, name), *object, name);
    tried_.insert(name);
  }

  void train() {
    Words words = {"train",    "mse_transformer", "--npz",    rows,  "--max-steps", "2",
                   "--output", "m/run",           "--device", "cpu", "--precision", "fp32"};
    for (const char* setting : {"model.d_model=16", "model.heads=2", "model.layers=2", "model.feedforward=24",
                                "train.batch_size=8", "gates.final.min_gain=0.9"})
      words.insert(words.end(), {"--set", setting});
    expect_declared("runner train", words);
    words.erase(std::find(words.begin(), words.end(), "--max-steps"), words.begin() + 6);
    words[0] = "plan";
    words.insert(words.end(), {"--ranks", "2"});
    expect_declared("runner plan", words);
  }

  TemporaryFolder folder_;
  ProgramOptions options_;
  std::set<std::string> tried_;
};

TEST_F(JsonKeys, AreThoseThatAreDeclaredForEveryCommand) {
  train();
  expect_declared("runner eval",
                  {"eval", "eval_5cat", "--npz", rows, "--model", "m/run", "--set", "samples=20"});
  expect_declared("runner index", {"index", "a.yaml"});
  expect_declared("runner index", {"index", "a.yaml"});  // skipped
  expect_declared("runner index", {"index", "a.yaml", "--force"});
  expect_declared("runner index", {"index", "a.yaml", "--rollback"});
  expect_declared("runner index",
                  {"index", "a.yaml", "--output", "ivf.index", "--set", "index.factory=IVF8,Flat"});
  expect_declared("runner index --shard", {"index", "a.yaml", "--output", "s.index", "--shard", "0/2"});
  expect_declared("runner index --shard", {"index", "a.yaml", "--output", "s.index", "--shard", "0/2"});
  expect_declared("runner plan (index)", {"plan", "a.yaml"});
  expect_declared("runner plan (eval, search, smoke)", {"smoke", "--dry-run"});
  expect_declared("runner plan (sequences)", {"plan", "sequences_ctx5", "--npz", rows});
  expect_declared("runner plan (predict)", {"plan", "p.yaml"});
  expect_declared("runner sequences", {"sequences", "sequences_ctx5", "--npz", rows, "--output", "w.npz"});
  expect_declared("runner predict", {"predict", "m/run", "--npz", rows, "--output", "p.npz"});
  expect_declared("runner predict",
                  {"predict", "m/run", "--npz", rows, "--index", "a.index", "--output", "p.npz"});
  expect_declared("runner search", {"search", "a.index", "--queries", rows, "--output", "n.npz"});
  expect_declared("runner search",
                  {"search", "a.index", "--queries", rows, "--output", "n.npz", "--shard", "0/2"});
  expect_declared("runner smoke", {"smoke", "--steps", "1"});

  folder_.write("pipe.yaml", "job: pipeline\nsteps:\n  - name: index\n    config: a.yaml\n");
  expect_declared("runner run (pipeline)", {"plan", "pipe.yaml"});
  expect_declared("runner run (pipeline)", {"run", "pipe.yaml"});
  expect_declared("runner config show", {"config", "show", "pipe.yaml"});
  expect_declared("runner config check", {"config", "check", "pipe.yaml"});

  expect_declared("runner doctor", {"doctor"});
  expect_declared("runner doctor", {"doctor", RUNNER_BUILD_DIR "/runner"});
  expect_declared("runner doctor", {"doctor", "--pid", std::to_string(::getpid())});
  expect_declared("runner env", {"env"});
  expect_declared("runner config show", {"config", "show", "a.yaml", "--set", "verify.queries=5"});
  expect_declared("runner config check", {"config", "check", "a.yaml"});
  expect_declared("runner configs list", {"configs", "list"});
  expect_declared("runner configs show", {"configs", "show", "p6b_v23"});
  expect_declared("runner configs copy", {"configs", "copy", "p6b_v23", "copy.yaml"});
  expect_declared("runner runs list", {"runs", "list", "."});
  for (const char* run : {"m/run", "a.index", "w.npz"})
    expect_declared("runner runs show", {"runs", "show", run});
  expect_declared("runner runs diff", {"runs", "diff", "a.index", "ivf.index"});
  expect_declared("runner runs report", {"runs", "report", "m/run"});
  expect_declared("runner runs verify", {"runs", "verify", "m/run"});
  expect_declared("runner runs clean", {"runs", "clean", "m", "--keep", "1", "--dry-run"});
  expect_declared("runner --version", {"--version"});
  expect_declared("runner --version", {"--version", "--verbose"});

  const Words install = {"schedule", "install", "a.yaml", "--at", "hourly", "--with", "cron"};
  Words dry = install;
  dry.emplace_back("--dry-run");
  expect_declared("runner schedule install --dry-run", dry);
  expect_declared("runner schedule install", install);
  expect_declared("runner schedule start", {"schedule", "start", "a.yaml"});
  expect_declared("runner schedule status", {"schedule", "status", "a.yaml"});
  expect_declared("runner schedule list", {"schedule", "list"});
  expect_declared("runner schedule remove", {"schedule", "remove", "a.yaml"});

  for (const auto* list : {&json_of_jobs(), &json_of_commands()})
    for (const JsonObject& object : *list) EXPECT_TRUE(tried_.contains(object.name)) << object.name;
}

TEST_F(JsonKeys, OfAnErrorHaveEachMistakeByItself) {
  folder_.write("bad.yaml", "job: index\ninput: {vectors: '" + rows +
                                "', normalise: true}\nindex: {nprobe: many}\noutput: a.index\n");
  for (const Words& command : {Words{"config", "check"}, {"config", "show"}, {"index"}, {"plan"}, {"run"}}) {
    Words words = command;
    words.insert(words.end(), {"bad.yaml", "--json"});
    const ProgramResult run = run_runner(words, options_);
    EXPECT_EQ(run.exit_code, 2) << run.err;
    const Json error = Json::parse(run.out).at("error");
    expect_type(error, "error", "error");
    const Json& problems = error.at("problems");
    ASSERT_EQ(problems.size(), 2U) << error;
    EXPECT_THAT(problems[0].at("place").get<std::string>(), HasSubstr("bad.yaml:2:"));
    EXPECT_THAT(problems[0].at("message").get<std::string>(), HasSubstr("did you mean normalize"));
    EXPECT_EQ(problems[1].at("key"), "index.nprobe") << error;
  }
  // Of a worker, and one alone.
  folder_.write("none.npy", "not an array");
  const ProgramResult run = run_runner({"index", "a.yaml", "--npz", "none.npy", "--json"}, options_);
  EXPECT_EQ(run.exit_code, 3) << run.err;
  const Json error = Json::parse(run.out).at("error");
  expect_type(error, "error", "error");
  ASSERT_EQ(error.at("problems").size(), 1U);
  EXPECT_EQ(error.at("problems")[0].at("message"), error.at("message"));
}

TEST(JsonPage, IsWhatIsDeclared) {
  EXPECT_EQ(file_contents(RUNNER_SOURCE_DIR "/docs/json.md"), run_runner({"help", "--json-keys"}).out)
      << "docs/json.md is of other keys: run scripts/schemas.sh";
}

}  // namespace
}  // namespace runner::test
