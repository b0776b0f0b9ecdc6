#include <gtest/gtest.h>

#include "base/error.h"
#include "data/formats/pickle/pt_file.h"
#include "models/files/pt_writer.h"
#include "models/files/safetensors.h"
#include "support/temporary_folder.h"
#include "training/files/run_files.h"
#include "training/files/tensorboard.h"

namespace runner::lvm {
namespace {
namespace fs = std::filesystem;

const std::vector<float> values = {1, 2, 3, 4, 5, 6};

TEST(PtWriter, OurOwnReaderFindsEverythingAgain) {
  const test::TemporaryFolder folder;
  PtContents c;
  c.epoch = 3;
  c.model_type = "amn";
  c.model_config = {{"input_dim", 768}};
  c.args = {{"train.epochs", "12"}, {"nothing", nullptr}, {"list", {1, 2.5, true}}};
  c.val_loss = 0.25;
  c.val_cosine = 0.5;
  c.state = {{"w", {2, 3}, values.data()}, {"scalar", {}, values.data() + 5}};
  c.exp_avg = c.exp_avg_sq = c.state;
  c.updates = 40;
  c.optimizer = {{"lr", 5e-4}};
  write_pt(folder / "m.pt", c);
  const data::PtFile file = data::read_pt_file(folder / "m.pt");
  ASSERT_EQ(file.tensors.size(), 2u);
  EXPECT_EQ(file.tensors[0].name, "w");
  EXPECT_EQ(file.tensors[0].shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(file.tensors[0].bytes, std::string(reinterpret_cast<const char*>(values.data()), 24));
  EXPECT_EQ(file.values.at("epoch"), 3);
  EXPECT_EQ(file.values.at("val_cosine"), 0.5);
  EXPECT_EQ(file.values.at("model_config").at("input_dim"), 768);
  EXPECT_EQ(file.values.at("args").at("list").at(1), 2.5);
}

TEST(Safetensors, BytesDependOnTheWeightsAlone) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a", {{"x", {6}, values.data()}, {"b", {2, 1}, values.data()}});
  write_safetensors(folder / "b", {{"b", {2, 1}, values.data()}, {"x", {6}, values.data()}});
  EXPECT_EQ(test::file_contents(folder / "a"), test::file_contents(folder / "b"));
  const auto arrays = read_safetensors(folder / "a");
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_EQ(arrays[1].name, "x");
  EXPECT_EQ(arrays[1].values, values);
}

TEST(Safetensors, LyingHeadersAreRefused) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a", {{"x", {6}, values.data()}});
  std::string bytes = test::file_contents(folder / "a");
  folder.write("short", bytes.substr(0, bytes.size() - 4));
  EXPECT_THROW(read_safetensors(folder / "short"), DataError);
  std::string large = bytes;
  large[6] = 1;  // a header of 2^48 bytes
  folder.write("large", large);
  EXPECT_THROW(read_safetensors(folder / "large"), DataError);
  folder.write("tiny", "abc");
  EXPECT_THROW(read_safetensors(folder / "tiny"), DataError);
}

TEST(TensorBoard, ChecksumsAreThoseOfTheStandard) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
}

// TensorBoard drops what earlier files hold from the step of a SessionLog START on.
TEST(TensorBoard, AResumedRunTakesBackTheStepsThatItWritesAgain) {
  const test::TemporaryFolder folder;
  TensorBoardWriter(folder / "fresh");
  TensorBoardWriter(folder / "resumed", 101);
  const std::string start("\x10\x65\x3a\x02\x08\x01", 6);  // step: 101, session_log {status: START}
  const auto contents = [&](const char* name) {
    return test::file_contents(std::filesystem::directory_iterator(folder / name)->path());
  };
  EXPECT_EQ(contents("fresh").find(start), std::string::npos);
  EXPECT_NE(contents("resumed").find(start), std::string::npos);
}

StepRecord step_of(std::int64_t step, double loss) {
  StepRecord record;
  record.step = step, record.epoch = 1, record.loss = loss;
  return record;
}

std::vector<std::pair<int, double>> losses_in(const std::filesystem::path& file) {
  std::vector<std::pair<int, double>> losses;
  std::istringstream in(test::file_contents(file));
  for (std::string line; std::getline(in, line);) {
    const Json json = Json::parse(line);
    losses.emplace_back(json.at("step"), json.at("loss"));
  }
  return losses;
}

TEST(RunFiles, MetricsBeyondTheResumedStepAreWrittenAgain) {
  const test::TemporaryFolder folder;
  {
    RunFiles files(folder.path(), "job: train\n", Json::object(), Json::object());
    for (const int step : {50, 100, 150}) files.add_metrics(step_of(step, 0.5));
  }
  RunFiles files(folder.path(), "job: train\n", Json::object(), Json::object());
  files.forget_metrics_after(100);
  files.add_metrics(step_of(150, 0.25));
  EXPECT_EQ(losses_in(folder / "metrics.jsonl"),
            (std::vector<std::pair<int, double>>{{50, 0.5}, {100, 0.5}, {150, 0.25}}));
}

// A checkpoint by steps may fall on the end of an epoch, before the epoch's own line.
TEST(RunFiles, AnEpochsLineStaysWhenTheResumedRunHasTheEpochBehindIt) {
  const test::TemporaryFolder folder;
  EpochRecord first;
  first.epoch = 1, first.step = 100;
  RunFiles files(folder.path(), "job: train\n", Json::object(), Json::object());
  files.add_metrics(step_of(100, 0.5));
  files.add_metrics(first);
  const std::string both = test::file_contents(folder / "metrics.jsonl");
  files.forget_metrics_after(100, {first});
  EXPECT_EQ(test::file_contents(folder / "metrics.jsonl"), both);
  files.forget_metrics_after(100);
  files.add_metrics(first);
  EXPECT_EQ(test::file_contents(folder / "metrics.jsonl"), both);
}

TEST(RunFiles, ATornLineIsNoLine) {
  const test::TemporaryFolder folder;
  const std::string whole = "{\"loss\":0.5,\"step\":50}\n";
  folder.write("metrics.jsonl", whole + "{\"loss\":0.5,\"st");
  RunFiles files(folder.path(), "job: train\n", Json::object(), Json::object());
  files.forget_metrics_after(100);
  EXPECT_EQ(test::file_contents(folder / "metrics.jsonl"), whole);
}

TEST(RunFiles, MetricsThatADiskDoesNotTakeComeWithTheNextOnes) {
  const test::TemporaryFolder folder;
  RunFiles files(folder.path(), "job: train\n", Json::object(), Json::object());
  std::filesystem::create_symlink("/dev/full", folder / "metrics.jsonl");
  files.add_metrics(step_of(1, 0.5));
  files.add_metrics(step_of(2, 0.5));
  std::filesystem::remove(folder / "metrics.jsonl");
  files.add_metrics(step_of(3, 0.5));
  EXPECT_EQ(losses_in(folder / "metrics.jsonl"),
            (std::vector<std::pair<int, double>>{{1, 0.5}, {2, 0.5}, {3, 0.5}}));
}

TEST(RunFiles, MetricsDoNotFollowALink) {
  const test::TemporaryFolder folder;
  folder.write("theirs", "notes\n");
  RunFiles files(folder.path(), "job: train\n", Json::object(), Json::object());
  std::filesystem::create_symlink(folder / "theirs", folder / "metrics.jsonl");
  files.add_metrics(step_of(1, 0.5));
  EXPECT_EQ(test::file_contents(folder / "theirs"), "notes\n");
}

}  // namespace
}  // namespace runner::lvm
