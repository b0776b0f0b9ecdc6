// What every job refuses to write to, as a user meets it: before anything is read, and nothing is touched.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/device_node.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

class RefusedOutputs : public testing::Test {
 protected:
  // The inputs are no data: whoever read them would end with exit code 3.
  void SetUp() override {
    for (const char* name : {"v.npz", "w.npz", "q.npz", "articles.npz", "model.pt", "some.index"})
      folder_.write(name, std::string("contents of ") + name);
    folder_.write("run/best_model.pt", "a model");
    folder_.write("run/config.json", "{}");
    folder_.write("index.yaml", "job: index\ninput: {vectors: [w.npz, v.npz]}\npublish: {keep: 1}\n");
    folder_.write("sequences.yaml", "job: sequences\ninput: {vectors: [w.npz, v.npz]}\n");
    folder_.write("eval.yaml", "job: eval\nmodel: run\narticles: articles.npz\nval: {sequences: v.npz}\n");
    folder_.write("train.yaml", "job: train\ndata: {vectors: v.npz}\n");
    options_.folder = folder_.path().string();
  }
  using Words = std::vector<std::string>;
  const std::vector<Words> files_{{"sequences", "sequences.yaml"},
                                  {"eval", "eval.yaml"},
                                  {"search", "some.index", "--queries", "q.npz"},
                                  {"index", "index.yaml"}};

  std::map<std::string, std::string> state() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      struct stat info {};
      ::lstat(entry.path().c_str(), &info);
      std::string& text = all[entry.path().string()];
      text = std::to_string(info.st_ino) + " " + std::to_string(info.st_mode);
      if (S_ISREG(info.st_mode)) text += file_contents(entry.path());
    }
    return all;
  }
  void expect_refused(Words words, const std::string& output, const std::string& why) const {
    words.insert(words.end(), {"--output", output});
    const auto before = state();
    const ProgramResult run = run_runner(words, options_);
    EXPECT_EQ(run.exit_code, 2) << words[0] << " " << output << ": " << run.err;
    EXPECT_THAT(run.err, HasSubstr("--output: output: ")) << words[0];
    EXPECT_THAT(run.err, HasSubstr(why)) << words[0] << " " << output;
    EXPECT_TRUE(before == state()) << words[0] << " " << output;
  }

  TemporaryFolder folder_;
  ProgramOptions options_;
};

TEST_F(RefusedOutputs, WhatIsNoFile) {
  fs::create_directory(folder_ / "folder.npz");
  fs::create_symlink("v.npz", folder_ / "link.npz");
  ASSERT_EQ(::mkfifo((folder_ / "pipe.npz").c_str(), 0600), 0);
  const bool node = make_null_device(folder_ / "node.npz");
  for (const Words& job : files_) {
    expect_refused(job, "folder.npz", "is a folder");
    expect_refused(job, "pipe.npz", "is a fifo");
    expect_refused(job, "new.npz/", "name of a folder");
    expect_refused(job, "v.npz/x.npz", "v.npz is a file, no folder");
    expect_refused(job, std::string(300, 'x') + ".npz", "too long");
    if (node) expect_refused(job, "node.npz", "is a device");
  }
  for (const Words& job : files_) expect_refused(job, "", "is empty");
  expect_refused({"train", "train.yaml"}, "v.npz", "is a file; name a folder");
  expect_refused({"train", "train.yaml"}, "pipe.npz", "is a fifo");
  if (!node) GTEST_SKIP() << "devices are left out: this user cannot make a node";
}

TEST_F(RefusedOutputs, TheInputUnderWhateverName) {
  fs::create_hard_link(folder_ / "v.npz", folder_ / "hard.npz");
  fs::create_symlink("v.npz", folder_ / "soft.npz");
  for (const char* output : {"v.npz", "./run/../v.npz", "hard.npz", "soft.npz"})
    for (const Words& job : {files_[0], files_[1], files_[3]})
      expect_refused(job, output, "is the input itself");
  fs::create_hard_link(folder_ / "some.index", folder_ / "index.npz");
  for (const char* output : {"q.npz", "index.npz"}) expect_refused(files_[2], output, "is the input itself");
  expect_refused(files_[1], "articles.npz", "articles: articles.npz");
  expect_refused(files_[1], "run/config.json", "belongs to the input (model: run)");
  expect_refused(files_[1], "eval.yaml", "the config");
  expect_refused({"train", "train.yaml", "--init", "run/best_model.pt"}, "run", "--init reads");
}

TEST_F(RefusedOutputs, APlainFileThatIsNoIndexAndForeignFilesBeside) {
  folder_.write("notes.index", "mine");
  expect_refused(files_[3], "notes.index", "no FAISS index");
  folder_.write("x.index.manifest.json", "{\"name\": \"mine\"}");
  expect_refused(files_[3], "x.index", "x.index.manifest.json would be replaced");
  fs::create_symlink("victim", folder_ / "y.index.lock");
  expect_refused(files_[3], "y.index", "y.index.lock is a link");
  folder_.write("z.npz.manifest.json", "{\"name\": \"mine\"}");
  expect_refused(files_[0], "z.npz", "z.npz.manifest.json would be replaced");
}

TEST_F(RefusedOutputs, ANulInTheConfig) {
  folder_.write("nul.yaml", "job: index\ninput: {vectors: v.npz}\noutput: \"v.npz\\0.index\"\n");
  const auto before = state();
  const ProgramResult run = run_runner({"index", "nul.yaml"}, options_);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("nul.yaml:3:9: output: holds a NUL"));
  EXPECT_TRUE(before == state());
}

TEST_F(RefusedOutputs, ByThePlanToo) {
  const auto before = state();
  EXPECT_EQ(run_runner({"plan", "index.yaml", "--output", "v.npz"}, options_).exit_code, 2);
  EXPECT_TRUE(before == state());
}

}  // namespace
}  // namespace runner::test
