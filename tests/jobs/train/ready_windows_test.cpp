// Ready windows carry their meaning: train takes it over, a contradiction is refused, eval goes by it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/formats/numpy/npz.h"
#include "data/formats/numpy/npz_writer.h"
#include "data/samples/window_meaning.h"
#include "jobs/train/small_run.h"

namespace runner::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::string vectors = RUNNER_SOURCE_DIR "/tests/fixtures/sequences/input.npz";

class ReadyWindows : public testing::Test {
 protected:
  // Windows cut by `runner sequences` with these settings.
  std::string windows(const std::string& name, const std::vector<std::string>& settings) {
    const std::string path = folder / name;
    std::vector<std::string> words = {"sequences", "sequences_ctx5", "--npz", vectors, "--output",
                                      path,        "--quiet"};
    for (const std::string& setting : settings) words.insert(words.end(), {"--set", setting});
    const ProgramResult run = run_runner(words, in_source());
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return path;
  }
  // A config without window keys, or with these.
  ProgramResult train(const std::string& data, const std::vector<std::string>& flags = {},
                      const std::string& keys = "") {
    folder.write("c.yaml", "job: train\ndata:\n  sequences: " + data + "\n" + keys +
                               "model: {type: amn, d_model: 8, hidden: 8}\ndevice: cpu\noutput: " +
                               (folder / "run").string() + "\n");
    std::vector<std::string> words = {"train", folder / "c.yaml", "--max-steps", "1", "--quiet"};
    words.insert(words.end(), flags.begin(), flags.end());
    return run_runner(words, in_source());
  }
  Json of_run(const char* file) { return Json::parse(file_contents(folder / "run" / file)); }

  TemporaryFolder folder;
};

TEST_F(ReadyWindows, TellHowTheyWereCut) {
  const std::string path = windows("w.npz", {"target_offset=3", "context=4", "within_article=false"});
  // Numbers that NumPy reads without pickles: arrays of no dimension.
  for (const char* name : {"context", "target_offset", "within_article"})
    EXPECT_TRUE(data::Npz(path).array(name).header.shape.empty()) << name;
  const data::WindowMeaning told = data::read_window_meaning({path});
  EXPECT_EQ(told.context, 4);
  EXPECT_EQ(told.target_offset, 3);
  EXPECT_EQ(told.within_article, false);
  // Converted, they still do; of neighbours no offset is told.
  const std::string again = folder / "again.npz";
  ASSERT_EQ(
      run_runner({"sequences", "sequences_ctx5", "--npz", path, "--output", again}, in_source()).exit_code,
      0);
  EXPECT_EQ(data::read_window_meaning({again}).target_offset, 3);
  const data::WindowMeaning neighbours = data::read_window_meaning({windows("n.npz", {"method=neighbors"})});
  EXPECT_EQ(neighbours.context, 5);
  EXPECT_EQ(neighbours.within_article, true);
  EXPECT_FALSE(neighbours.target_offset.has_value());
}

TEST_F(ReadyWindows, TakeThePlaceOfDefaultsInEveryRecordOfTheRun) {
  const std::string path = windows("w.npz", {"target_offset=1", "context=4", "within_article=false"});
  const ProgramResult run = train(path);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(of_run("config.json").at("target_offset"), 1);
  EXPECT_EQ(of_run("config.json").at("context"), 4);
  EXPECT_EQ(of_run("config.json").at("within_article"), false);
  const std::string yaml = file_contents(folder / "run" / "config.yaml");
  EXPECT_THAT(yaml, testing::ContainsRegex("target_offset: 1 +# .*w.npz"));
  EXPECT_THAT(yaml, testing::ContainsRegex("context: 4 +# .*w.npz"));
  EXPECT_THAT(of_run("manifest.json").at("config").get<std::string>(), HasSubstr("target_offset: 1"));
}

TEST_F(ReadyWindows, ThatContradictAFileOrAFlagAreRefusedAtItsPlace) {
  const std::string path = windows("w.npz", {"target_offset=1"});
  const ProgramResult shipped = run_runner(small_run(folder / "run", {"--npz", path}), in_source());
  EXPECT_EQ(shipped.exit_code, 2) << shipped.out;
  EXPECT_THAT(shipped.err, AllOf(HasSubstr("configs/p6b_v23.yaml:13:"), HasSubstr("data.target_offset: is 2"),
                                 HasSubstr("w.npz are cut with 1")));
  EXPECT_EQ(result_of(shipped).at("error").at("code"), 2);
  const ProgramResult flag =
      train(path, {"--set", "data.target_offset=2", "--set", "data.within_article=false"});
  EXPECT_EQ(flag.exit_code, 2);
  EXPECT_THAT(flag.err, AllOf(HasSubstr("--set data.target_offset"), HasSubstr("--set data.within_article")));
  const ProgramResult context = train(path, {}, "  context: 7\n");
  EXPECT_EQ(context.exit_code, 2);
  EXPECT_THAT(context.err, AllOf(HasSubstr("c.yaml:4:"), HasSubstr("data.context: is 7")));
  EXPECT_EQ(run_runner({"config", "check", folder / "c.yaml"}, in_source()).exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

TEST_F(ReadyWindows, ThatAgreeWithWhatWasSetTrain) {
  const std::string path = windows("w.npz", {"target_offset=1"});
  const ProgramResult run = run_runner(
      small_run(folder / "run", {"--npz", path, "--set", "data.target_offset=1", "--max-steps", "1"}),
      in_source());
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(of_run("config.json").at("target_offset"), 1);
}

TEST_F(ReadyWindows, OfOtherToolsTellItAsOneElementAsP6OffsetOrNotAtAll) {
  const data::Npz source(windows("w.npz", {"context=4"}));
  const auto write = [&](const std::string& name, const auto& more) {
    data::NpzWriter writer(folder / name);
    for (const char* array : {"context_sequences", "target_vectors", "article_ids"}) {
      const data::Array from = source.array(array);
      const std::string bytes = data::read_bytes(from);
      writer.write(array, from.header.dtype, from.header.shape, bytes.data());
    }
    more(writer);
    writer.finish();
    return (folder / name).string();
  };
  const std::int32_t three = 3;
  const std::int64_t p6 = 1;
  const std::string one =
      write("one.npz", [&](auto& w) { w.write("target_offset", data::DType::i32, {1}, &three); });
  const std::string old = write("old.npz", [&](auto& w) { w.write("p6_offset", data::DType::i64, {}, &p6); });
  const std::string none = write("none.npz", [](auto&) {});
  ASSERT_EQ(train(one).exit_code, 0);
  EXPECT_EQ(of_run("config.json").at("target_offset"), 3);
  ASSERT_EQ(train(old, {}, "  target_offset: 2\n").exit_code, 0);
  EXPECT_EQ(train(old, {}, "  target_offset: 1\n").exit_code, 2);
  // The length of the contexts is theirs, whoever says nothing or otherwise.
  ASSERT_EQ(train(none, {}, "  context: 5\n  target_offset: 4\n").exit_code, 0);
  EXPECT_EQ(of_run("config.json").at("context"), 4);
  EXPECT_THAT(file_contents(folder / "run" / "config.yaml"),
              testing::ContainsRegex("context: 4 +# .*none.npz"));
  const ProgramResult both = train("[" + one + ", " + old + "]");
  EXPECT_EQ(both.exit_code, 3) << both.err;
  EXPECT_THAT(both.err, AllOf(HasSubstr("old.npz: array target_offset"), HasSubstr("one.npz")));
}

TEST_F(ReadyWindows, ThatTellNonsenseAreRefused) {
  const std::int64_t context = 9;
  const data::Npz source(windows("w.npz", {}));
  data::NpzWriter writer(folder / "bad.npz");
  for (const char* array : {"context_sequences", "target_vectors"}) {
    const data::Array from = source.array(array);
    const std::string bytes = data::read_bytes(from);
    writer.write(array, from.header.dtype, from.header.shape, bytes.data());
  }
  writer.write("context", data::DType::i64, {}, &context);
  writer.finish();
  const ProgramResult run = train(folder / "bad.npz");
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err,
              AllOf(HasSubstr("bad.npz: array context"), HasSubstr("says 9"), HasSubstr("of 5 vectors")));
}

TEST_F(ReadyWindows, EvalGoesByTheirOffset) {
  const std::string path = windows("w.npz", {"target_offset=2"});
  ASSERT_EQ(train(path).exit_code, 0);
  const std::string one = windows("one.npz", {"target_offset=1"});
  const auto eval = [&](const std::string& file, const std::string& keys) {
    folder.write("e.yaml", "job: eval\nmodel: " + (folder / "run").string() + "\narticles: " + vectors +
                               "\ndevice: cpu\noutput: " + (folder / "e.json").string() +
                               "\nval: {sequences: " + file + keys + "}\n");
    return run_runner({"eval", folder / "e.yaml"}, in_source());
  };
  EXPECT_THAT(eval(path, "").err, HasSubstr("the model predicts 2 vectors ahead"));
  const ProgramResult other = eval(one, "");
  EXPECT_THAT(other.err, AllOf(HasSubstr("targets lie 1 after"), HasSubstr("trained for 2")));
  const ProgramResult contradiction = eval(one, ", target_offset: 2");
  EXPECT_EQ(contradiction.exit_code, 2);
  EXPECT_THAT(contradiction.err,
              AllOf(HasSubstr("val.target_offset: is 2"), HasSubstr("one.npz are cut with 1")));
}

}  // namespace
}  // namespace runner::test
