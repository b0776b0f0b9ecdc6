// Predictions with the rows of an index that are nearest to them.
#include <sys/wait.h>

#include <csignal>
#include <map>
#include <set>
#include <thread>

#include "jobs/predict/predict_runs.h"

namespace runner::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class PredictNeighbours : public testing::Test {
 protected:
  void SetUp() override {
    small_model(folder);
    index("own.index", small_vectors);
  }
  void index(const std::string& output, const std::string& vectors, const Words& settings = {}) {
    Words words = {"index", "index_flat_ip", "--npz", vectors, "--output", output, "--quiet"};
    for (const std::string& setting : settings) words.insert(words.end(), {"--set", setting});
    const ProgramResult run = runner_in(folder.path(), words);
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
  // With K = 4 into p.npz.
  Json predict_with(const std::string& index, Words more = {}) {
    Words words = {"latest", "--npz", small_vectors, "--index", index, "--k", "4", "--output", "p.npz"};
    words.insert(words.end(), more.begin(), more.end());
    return predict(folder, words);
  }
  // Neighbours that are rows of their prediction's own context.
  std::int64_t own_rows() const {
    const auto ids = integers_of(folder / "p.npz", "ids"), last = integers_of(folder / "p.npz", "last_row");
    std::int64_t count = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) count += ids[i] <= last[i / 4] && ids[i] > last[i / 4] - 5;
    return count;
  }

  TemporaryFolder folder;
};

TEST_F(PredictNeighbours, AreTheHighestProductsBesideTheContextsOwnRows) {
  const Json result = predict_with("own.index");
  EXPECT_EQ(result.at("k"), 4);
  EXPECT_EQ(result.at("ntotal"), 120);
  EXPECT_EQ(result.at("exclude_context"), true);
  const auto predictions = floats_of(folder / "p.npz", "predictions"),
             scores = floats_of(folder / "p.npz", "scores");
  const auto ids = integers_of(folder / "p.npz", "ids"), last = integers_of(folder / "p.npz", "last_row");
  EXPECT_EQ(data::Npz(folder / "p.npz").names(),
            (Words{"predictions", "article", "last_row", "ids", "scores"}));
  EXPECT_EQ(data::Npz(folder / "p.npz").array("ids").header.shape,
            (std::vector<std::int64_t>{static_cast<std::int64_t>(last.size()), 4}));
  auto vectors = floats_of(small_vectors, "vectors");
  for (std::size_t row = 0; row < 120; ++row) {
    double squares = 0;
    for (std::size_t d = 0; d < 8; ++d) squares += std::pow(vectors[row * 8 + d], 2);
    for (std::size_t d = 0; d < 8; ++d) vectors[row * 8 + d] /= static_cast<float>(std::sqrt(squares));
  }
  for (std::size_t i = 0; i < last.size(); ++i) {
    std::vector<double> products;
    for (std::int64_t row = 0; row < 120; ++row) {
      if (row <= last[i] && row > last[i] - 5) continue;
      double product = 0;
      for (std::size_t d = 0; d < 8; ++d)
        product += predictions[i * 8 + d] * vectors[static_cast<std::size_t>(row) * 8 + d];
      products.push_back(product);
    }
    std::sort(products.rbegin(), products.rend());
    for (std::size_t r = 0; r < 4; ++r) EXPECT_NEAR(scores[i * 4 + r], products[r], 1e-5) << i;
  }
  EXPECT_EQ(own_rows(), 0);
  EXPECT_GT(result.at("left_out"), 0);
}

TEST_F(PredictNeighbours, OwnRowsStayWhenAskedAndArrayOrderDoesNotChange) {
  for (const char* flag : {"--no-exclude-context", "--exclude-context=false"}) {
    const Json result = predict_with("own.index", {flag});
    EXPECT_EQ(result.at("exclude_context"), false) << flag;
    EXPECT_GT(own_rows(), 0) << flag;
  }
}

// The ids of an index of other data, or with ids of its own, are no row numbers of the input.
TEST_F(PredictNeighbours, OwnRowsAreOnlyKnownAmongRowNumbersOfTheSameInput) {
  const auto vectors = floats_of(small_vectors, "vectors");
  data::NpzWriter writer(folder / "other.npz");
  std::vector<float> reversed(vectors.rbegin(), vectors.rend());
  writer.write("vectors", data::DType::f32, {120, 8}, reversed.data());
  writer.finish();
  index("other.index", "other.npz");
  EXPECT_EQ(predict_with("other.index").at("exclude_context"), false);
  index("named.index", small_vectors, {"input.ids=chunk_indices"});
  EXPECT_EQ(predict_with("named.index").at("exclude_context"), false);
  // Without a manifest the number of rows decides.
  std::filesystem::copy_file(folder / "own.index", folder / "bare.index");
  EXPECT_EQ(predict_with("bare.index").at("exclude_context"), true);
  EXPECT_EQ(own_rows(), 0);
}

// Whatever the order of the rows, contexts follow the chunk numbers, and their rows are found among the ids.
TEST_F(PredictNeighbours, RowsInAnotherOrderGiveTheSamePredictionsAndNeighbours) {
  predict_with("own.index");
  const auto vectors = floats_of(small_vectors, "vectors");
  const auto number = [&](const char* name) {
    return data::read_integers(data::Npz(small_vectors).array(name));
  };
  const auto articles = number("article_indices");
  std::vector<float> reversed;
  std::vector<std::int64_t> reversed_articles(articles.rbegin(), articles.rend()), places;
  for (std::size_t row = 120; row-- > 0;) {
    reversed.insert(reversed.end(), vectors.begin() + static_cast<std::ptrdiff_t>(row * 8),
                    vectors.begin() + static_cast<std::ptrdiff_t>(row * 8 + 8));
    places.push_back(static_cast<std::int64_t>(row));
  }
  data::NpzWriter writer(folder / "reversed.npz");
  writer.write("vectors", data::DType::f32, {120, 8}, reversed.data());
  writer.write("article_indices", reversed_articles);
  writer.write("chunk_indices", places);
  writer.finish();
  index("reversed.index", "reversed.npz");
  const Json result = predict(folder, {"latest", "--npz", "reversed.npz", "--index", "reversed.index", "--k",
                                       "4", "--output", "q.npz"});
  EXPECT_EQ(result.at("exclude_context"), true);
  EXPECT_GT(result.at("left_out"), 0);
  // By the row of the first file: articles come by their number there, in file order here.
  std::map<std::int64_t, std::vector<float>> wanted, got;
  const auto collect = [&](const std::string& path, bool mirror, auto& into) {
    const auto last = integers_of(path, "last_row");
    const auto scores = floats_of(path, "scores");
    for (std::size_t i = 0; i < last.size(); ++i)
      into[mirror ? 119 - last[i] : last[i]] = {scores.begin() + static_cast<std::ptrdiff_t>(i * 4),
                                                scores.begin() + static_cast<std::ptrdiff_t>(i * 4 + 4)};
  };
  collect(folder / "p.npz", false, wanted);
  collect(folder / "q.npz", true, got);
  ASSERT_EQ(got.size(), wanted.size());
  for (const auto& [row, scores] : wanted)
    for (std::size_t r = 0; r < 4; ++r) EXPECT_NEAR(got.at(row)[r], scores[r], 1e-5) << row;
}

TEST_F(PredictNeighbours, ReadyContextsHaveNoRowsOfTheirOwnInTheIndex) {
  ASSERT_EQ(
      runner_in(folder.path(), {"sequences", "sequences_ctx5", "--npz", small_vectors, "--output", "w.npz"})
          .exit_code,
      0);
  const Json result =
      predict(folder, {"latest", "--npz", "w.npz", "--index", "own.index", "--output", "p.npz"});
  EXPECT_EQ(result.at("exclude_context"), false);
}

TEST_F(PredictNeighbours, MoreThanThereAreAreMinusOneAndNeverMoreThanTheRows) {
  EXPECT_EQ(predict(folder, {"latest", "--npz", small_vectors, "--index", "own.index", "--k", "900000",
                             "--output", "p.npz"})
                .at("k"),
            120);
  predict(folder,
          {"latest", "--npz", small_vectors, "--index", "own.index", "--k", "118", "--output", "p.npz"});
  const auto ids = integers_of(folder / "p.npz", "ids");
  // 120 rows without the context's five: 115, and three places without any.
  for (std::size_t i = 0; i < ids.size(); i += 118) {
    EXPECT_EQ(std::set<std::int64_t>(ids.begin() + static_cast<std::ptrdiff_t>(i),
                                     ids.begin() + static_cast<std::ptrdiff_t>(i) + 115)
                  .size(),
              115U);
    for (std::size_t r = 115; r < 118; ++r) EXPECT_EQ(ids[i + r], -1);
  }
}

TEST_F(PredictNeighbours, LibtorchAndFaissStayInWorkersOfTheirOwn) {
  const ProgramResult run = runner_in(folder.path(), {"predict", "latest", "--npz", small_vectors, "--index",
                                                      "own.index", "--output", "p.npz", "--device", "cpu"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("part torch: in a worker of its own"));
  EXPECT_THAT(run.err, HasSubstr("part faiss: in a worker of its own"));
  EXPECT_THAT(run.out, HasSubstr("output    p.npz\n"));
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    EXPECT_THAT(entry.path().string(), Not(HasSubstr(".parts")));
}

TEST_F(PredictNeighbours, AWrongSecondHalfLeavesTheLastGoodOutput) {
  predict_with("own.index");
  const std::string before = file_contents(folder / "p.npz");
  std::string damaged = file_contents((folder / "own.index").string());
  damaged.resize(damaged.size() / 2);
  folder.write("damaged.index", damaged);
  const ProgramResult run =
      runner_in(folder.path(), {"predict", "latest", "--npz", small_vectors, "--index", "damaged.index",
                                "--output", "p.npz", "--device", "cpu"});
  EXPECT_EQ(run.exit_code, 3) << run.err;
  EXPECT_THAT(run.err, HasSubstr("damaged.index"));
  EXPECT_EQ(file_contents(folder / "p.npz"), before);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    EXPECT_THAT(entry.path().string(), Not(HasSubstr(".parts")));
}

TEST_F(PredictNeighbours, WhatAKilledLauncherLeftGoesWithTheNextRun) {
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  const auto left = folder / ("p.npz.parts." + std::to_string(gone) + ".abcdef");
  std::filesystem::create_directory(left);
  predict_with("own.index");
  EXPECT_FALSE(std::filesystem::exists(left));
}

TEST_F(PredictNeighbours, PredictionsAreQueriesOfSearchToo) {
  predict_with("own.index", {"--no-exclude-context"});
  const ProgramResult run = runner_in(
      folder.path(), {"search", "own.index", "--queries", "p.npz", "--k", "4", "--output", "n.npz"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(integers_of(folder / "n.npz", "ids"), integers_of(folder / "p.npz", "ids"));
  EXPECT_EQ(floats_of(folder / "n.npz", "scores"), floats_of(folder / "p.npz", "scores"));
}

}  // namespace
}  // namespace runner::test
