#include "training/files/checkpoint.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/temporary_folder.h"
#include "training/trainer_state.h"

namespace runner::lvm {
namespace {
namespace fs = std::filesystem;

Checkpoint example(std::int64_t step) {
  Checkpoint c;
  c.state.step = step;
  c.state.best_step = 10;
  c.tensors = {{"weights", {1.5F, -2.0F, 3.25F}}, {"exp_avg", {static_cast<float>(step)}}};
  return c;
}

void flip_byte(const fs::path& path, std::streamoff at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(at);
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(at);
  file.put(byte);
}

TEST(Checkpoint, ReadsBackWhatWasWritten) {
  const test::TemporaryFolder folder;
  write_checkpoint(folder / "step-000007", example(7));
  const Checkpoint c = read_checkpoint(folder / "step-000007");
  EXPECT_EQ(c.state.step, 7);
  ASSERT_EQ(c.tensors.size(), 2u);
  EXPECT_EQ(c.tensors[0].values, (std::vector<float>{1.5F, -2.0F, 3.25F}));
  EXPECT_EQ(c.tensors[1].name, "exp_avg");
}

TEST(Checkpoint, AnExistingOneIsReplaced) {
  const test::TemporaryFolder folder;
  write_checkpoint(folder / "step-000007", example(7));
  Checkpoint changed = example(7);
  changed.tensors[0].values[0] = 9;
  write_checkpoint(folder / "step-000007", changed);
  EXPECT_EQ(read_checkpoint(folder / "step-000007").tensors[0].values[0], 9);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(Checkpoint, DamageIsNamedAndTheOneBeforeIsTaken) {
  const test::TemporaryFolder folder;
  write_checkpoint(folder / "step-000010", example(10));
  write_checkpoint(folder / "step-000020", example(20));
  flip_byte(folder / "step-000020/tensors.bin", 5);
  try {
    read_checkpoint(folder / "step-000020");
    FAIL() << "read a damaged checkpoint";
  } catch (const DataError& error) {
    EXPECT_NE(error.line().find("step-000020"), std::string::npos);
    EXPECT_NE(error.line().find("tensors.bin differs from its hash"), std::string::npos);
  }
  const auto found = newest_valid_checkpoint(folder.path());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->state.step, 10);
}

TEST(Checkpoint, EveryKindOfDamageIsFound) {
  for (const char* kind : {"flip state", "cut state", "cut tensors", "no tensors", "empty"}) {
    const test::TemporaryFolder folder;
    const fs::path c = folder / "step-000003";
    write_checkpoint(c, example(3));
    const std::string k = kind;
    if (k == "flip state") flip_byte(c / "state.json", 40);
    if (k == "cut state") fs::resize_file(c / "state.json", 30);
    if (k == "cut tensors") fs::resize_file(c / "tensors.bin", 6);
    if (k == "no tensors") fs::remove(c / "tensors.bin");
    if (k == "empty") fs::resize_file(c / "state.json", 0);
    EXPECT_THROW(read_checkpoint(c), DataError) << kind;
    EXPECT_FALSE(newest_valid_checkpoint(folder.path()).has_value()) << kind;
  }
}

TEST(Checkpoint, PruningKeepsTheNewestAndTheBestTheyReferTo) {
  const test::TemporaryFolder folder;
  for (const std::int64_t step : {10, 20, 30, 40})
    write_checkpoint(folder / checkpoint_name("step", step), example(step));
  for (const std::int64_t step : {5, 10, 40})
    write_checkpoint(folder / checkpoint_name("best", step), example(step));
  prune_checkpoints(folder.path(), 2, 40);
  EXPECT_FALSE(fs::exists(folder / "step-000020"));
  EXPECT_TRUE(fs::exists(folder / "step-000030"));
  EXPECT_TRUE(fs::exists(folder / "best-000010"));  // the kept ones refer to it
  EXPECT_TRUE(fs::exists(folder / "best-000040"));  // the current one
  EXPECT_FALSE(fs::exists(folder / "best-000005"));
}

TEST(Checkpoint, WhatAKillHasLeftIsPutRight) {
  const test::TemporaryFolder folder;
  write_checkpoint(folder / "step-000010", example(10));
  fs::rename(folder / "step-000010",
             folder / ".old-step-000010");  // killed before its successor took its place
  write_checkpoint(folder / "step-000020", example(20));
  write_checkpoint(folder / "old", example(20));
  fs::rename(folder / "old", folder / ".old-step-000020");  // killed after that
  fs::create_directory(folder / ".writing-step-000030");
  folder.write(".writing-step-000030/tensors.bin.77.tmp", "half");
  recover_checkpoints(folder.path());
  EXPECT_EQ(read_checkpoint_state(folder / "step-000010").step, 10);
  EXPECT_EQ(list_checkpoints(folder.path()).size(), 2u);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 2);
}

TEST(TrainerState, SurvivesJsonBitForBit) {
  TrainerState s;
  s.epoch = 3;
  s.batch = 17;
  s.step = 1234;
  s.lr = 0.1 + 0.2;
  s.sums.loss = 1.0 / 3;
  s.gates.recent[42] = 0.7;
  s.gates.last_epoch_cosine = 0.43;
  s.best_val_loss = 1e-300;
  s.history.emplace_back().train.loss = NAN;  // JSON has none: null
  s.history.back().rolled_back_to_step = 100;
  s.events.push_back({7, 1, "what", {3, 4}});
  const auto back = record_from<TrainerState>(Json::parse(Json(s).dump()), "state.json");
  EXPECT_EQ(back.lr, s.lr);
  EXPECT_EQ(back.sums.loss, s.sums.loss);
  EXPECT_EQ(back.gates.recent[42], 0.7);
  EXPECT_EQ(back.gates.last_epoch_cosine, s.gates.last_epoch_cosine);
  EXPECT_EQ(back.best_val_loss, s.best_val_loss);
  EXPECT_FALSE(back.plateau.best.has_value());
  ASSERT_EQ(back.history.size(), 1u);
  EXPECT_TRUE(std::isnan(back.history[0].train.loss));
  EXPECT_EQ(back.history[0].rolled_back_to_step, 100);
  EXPECT_EQ(back.events.at(0).rows, (std::vector<std::int64_t>{3, 4}));
  EXPECT_EQ(back.batch, 17);
}

}  // namespace
}  // namespace runner::lvm
