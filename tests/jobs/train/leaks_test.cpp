// What `runner plan` counts as shared between training and validation, and as windows that cross articles.
#include <gtest/gtest.h>

#include <cmath>

#include "data/formats/numpy/npz_writer.h"
#include "jobs/train/small_run.h"

namespace runner::test {
namespace {
using data::DType;

constexpr std::int64_t rows = 64, width = 8, article_rows = 16;
// Articles 0 … 2 train, article 3 validates. Windows of 5 rows whose target is the row after the next: of an
// article's rows 0 … 13 are in contexts, 6 … 15 are targets.
constexpr std::int64_t validation_article = 3 * article_rows;

class Leaks : public testing::Test {
 protected:
  void SetUp() override {
    for (std::int64_t i = 0; i < rows * width; ++i)
      vectors.push_back(std::sin(static_cast<float>(i) * 0.37F + 0.1F));
  }
  void copy_row(std::int64_t from, std::int64_t to) {
    std::copy_n(vectors.begin() + from * width, width, vectors.begin() + to * width);
  }
  std::string vectors_file() {
    std::vector<std::int64_t> articles;
    for (std::int64_t i = 0; i < rows; ++i) articles.push_back(i / article_rows);
    data::NpzWriter writer(folder / "data.npz");
    writer.write("vectors", DType::f32, {rows, width}, vectors.data());
    writer.write("article_indices", articles);
    writer.finish();
    return (folder / "data.npz").string();
  }
  // The same windows, written out: 10 of each article.
  std::string sequences_file() {
    std::vector<float> contexts, targets;
    std::vector<std::int64_t> articles;
    const auto row = [&](std::int64_t r) { return vectors.begin() + r * width; };
    for (std::int64_t first = 0; first + 6 < rows; ++first) {
      if (first / article_rows != (first + 6) / article_rows) continue;
      contexts.insert(contexts.end(), row(first), row(first + 5));
      targets.insert(targets.end(), row(first + 6), row(first + 7));
      articles.push_back(first / article_rows);
    }
    const auto count = static_cast<std::int64_t>(articles.size());
    data::NpzWriter writer(folder / "data.npz");
    writer.write("context_sequences", DType::f32, {count, 5, width}, contexts.data());
    writer.write("target_vectors", DType::f32, {count, width}, targets.data());
    writer.write("article_ids", articles);
    writer.finish();
    return (folder / "data.npz").string();
  }
  Json plan(const std::string& file, const std::vector<std::string>& settings = {}) {
    std::vector<std::string> arguments = {"plan", "configs/p6b_v23.yaml", "--npz", file, "--json"};
    for (const char* small : {"model.d_model=32", "model.layers=1", "model.feedforward=64"})
      arguments.insert(arguments.end(), {"--set", small});
    for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    const auto program = run_runner(arguments, in_source());
    EXPECT_EQ(program.exit_code, 0) << program.err;
    said = program.err;
    return result_of(program);
  }
  void expect(const Json& plan, int shared_targets, int targets_in_contexts, int shared_vectors) {
    EXPECT_EQ(plan.at("shared_targets"), shared_targets);
    EXPECT_EQ(plan.at("targets_in_contexts"), targets_in_contexts);
    EXPECT_EQ(plan.at("shared_vectors"), shared_vectors);
  }
  bool says(const std::string& text) const { return said.find(text) != std::string::npos; }
  bool warned() const {
    return says("identical to a training") || says("in training windows too") || says("cross from one");
  }

  TemporaryFolder folder;
  std::vector<float> vectors;
  std::string said;
};

TEST_F(Leaks, ArticlesWithoutACommonVectorAreNotWarnedOf) {
  expect(plan(vectors_file()), 0, 0, 0);
  EXPECT_FALSE(warned()) << said;
}

TEST_F(Leaks, AValidationTargetInATrainingContextIsCounted) {
  copy_row(0, validation_article + 15);  // row 0 is in a context only, row 15 a target only
  expect(plan(vectors_file()), 0, 1, 1);
  EXPECT_TRUE(says("1 of 10 validation targets are in a training context")) << said;
}

TEST_F(Leaks, AContextThatSharesAVectorWithATrainingContextIsCounted) {
  copy_row(1, validation_article + 2);
  expect(plan(vectors_file()), 0, 0, 1);
  EXPECT_TRUE(says("1 of 16 different vectors of the validation windows are in training windows too"))
      << said;
}

TEST_F(Leaks, AVectorThatValidationSharesOnlyWithItselfIsNotCounted) {
  copy_row(validation_article, validation_article + 15);
  expect(plan(vectors_file()), 0, 0, 0);
}

TEST_F(Leaks, ASplitAtRandomIsWarnedOfEvenWithoutACommonTarget) {
  const Json got = plan(vectors_file(), {"data.validation.by=random"});
  EXPECT_EQ(got.at("shared_targets"), 0);
  EXPECT_GT(got.at("targets_in_contexts"), 0);
  EXPECT_GT(got.at("shared_vectors"), got.at("targets_in_contexts"));
  EXPECT_TRUE(says("data.validation.by: article keeps")) << said;
}

TEST_F(Leaks, ReadySequencesAreComparedByTheirVectors) {
  copy_row(0, validation_article + 15);
  copy_row(1, validation_article + 2);
  copy_row(15, validation_article + 14);
  expect(plan(sequences_file()), 1, 1, 3);
}

// Windows of 6 rows over 64: 59, of which 5 lie across each of the 3 borders.
TEST_F(Leaks, WindowsOfMoreThanOneArticleAreCounted) {
  const Json got = plan(vectors_file(), {"data.within_article=false", "data.target_offset=1"});
  EXPECT_EQ(got.at("windows"), 59);
  EXPECT_EQ(got.at("crossing_windows"), 15);
  EXPECT_TRUE(says("15 windows cross from one article into another")) << said;
}

}  // namespace
}  // namespace runner::test
