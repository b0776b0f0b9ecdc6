// The same rows as npz, tab-separated text and JSON lines, of predict and of search.
#include <sstream>

#include "jobs/predict/predict_runs.h"

namespace runner::test {
namespace {

using testing::HasSubstr;

std::vector<Words> table(const std::string& text) {
  std::vector<Words> rows;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    rows.emplace_back();
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, '\t');) rows.back().push_back(cell);
  }
  return rows;
}

std::vector<Json> objects(const std::string& text) {
  std::vector<Json> rows;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) rows.push_back(Json::parse(line));
  return rows;
}

class Formats : public testing::Test {
 protected:
  void SetUp() override {
    small_model(folder);
    const ProgramResult run = runner_in(folder.path(), {"index", "index_flat_ip", "--npz", small_vectors,
                                                        "--output", "own.index", "--quiet"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
  std::string out_of(const Words& words) {
    const ProgramResult run = runner_in(folder.path(), words);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.out;
  }
  TemporaryFolder folder;
};

TEST_F(Formats, TextOfPredictionsHasARowEachAndNothingElseOnStandardOutput) {
  predict(folder, {"latest", "--npz", small_vectors, "--output", "p.npz"});
  const auto values = floats_of(folder / "p.npz", "predictions");
  const auto articles = integers_of(folder / "p.npz", "article"),
             last = integers_of(folder / "p.npz", "last_row");
  const auto rows =
      table(out_of({"predict", "latest", "--npz", small_vectors, "--device", "cpu", "--format", "tsv"}));
  ASSERT_EQ(rows.size(), last.size() + 1);
  EXPECT_EQ(rows[0].size(), 10U);
  EXPECT_EQ(rows[0][0], "predictions_0");
  EXPECT_EQ(rows[0][8], "article");
  EXPECT_EQ(rows[0][9], "last_row");
  const auto lines =
      objects(out_of({"predict", "latest", "--npz", small_vectors, "--device", "cpu", "--format", "jsonl"}));
  ASSERT_EQ(lines.size(), last.size());
  for (std::size_t i = 0; i < last.size(); ++i) {
    EXPECT_EQ(rows[i + 1][8], std::to_string(articles[i]));
    EXPECT_EQ(rows[i + 1][9], std::to_string(last[i]));
    EXPECT_EQ(lines[i].at("article"), articles[i]);
    EXPECT_EQ(lines[i].at("last_row"), last[i]);
    ASSERT_EQ(lines[i].at("predictions").size(), 8U);
    for (std::size_t d = 0; d < 8; ++d) {
      EXPECT_EQ(std::stof(rows[i + 1][d]), values[i * 8 + d]);
      EXPECT_EQ(lines[i].at("predictions")[d].get<float>(), values[i * 8 + d]);
    }
  }
}

TEST_F(Formats, TextOfNeighboursHasALineForEach) {
  const Words common = {"predict",   "latest", "--npz", small_vectors, "--index",
                        "own.index", "--k",    "3",     "--device",    "cpu"};
  Words words = common;
  words.insert(words.end(), {"--output", "p.npz"});
  out_of(words);
  const auto ids = integers_of(folder / "p.npz", "ids"), last = integers_of(folder / "p.npz", "last_row");
  const auto scores = floats_of(folder / "p.npz", "scores");
  words = common;
  words.insert(words.end(), {"--format", "tsv"});
  const auto rows = table(out_of(words));
  EXPECT_EQ(rows[0], (Words{"article", "last_row", "rank", "id", "score"}));
  ASSERT_EQ(rows.size(), ids.size() + 1);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(rows[i + 1][1], std::to_string(last[i / 3]));
    EXPECT_EQ(rows[i + 1][2], std::to_string(i % 3 + 1));
    EXPECT_EQ(rows[i + 1][3], std::to_string(ids[i]));
    EXPECT_EQ(std::stof(rows[i + 1][4]), scores[i]);
  }
  words = common;
  words.insert(words.end(), {"--output", "p.jsonl"});  // by its ending
  EXPECT_THAT(out_of(words), HasSubstr("output    p.jsonl\n"));
  const auto lines = objects(file_contents(folder / "p.jsonl"));
  ASSERT_EQ(lines.size(), last.size());
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(lines[i / 3].at("ids")[i % 3], ids[i]);
}

TEST_F(Formats, SearchWritesTheSameThree) {
  out_of({"search", "own.index", "--queries", small_vectors, "--k", "120", "--output", "n.npz"});
  const auto ids = integers_of(folder / "n.npz", "ids");
  const auto rows =
      table(out_of({"search", "own.index", "--queries", small_vectors, "--k", "120", "--format", "tsv"}));
  EXPECT_EQ(rows[0], (Words{"query", "rank", "id", "score"}));
  ASSERT_EQ(rows.size(), 120U * 120 + 1);
  const auto lines =
      objects(out_of({"search", "own.index", "--queries", small_vectors, "--k", "120", "--format", "jsonl"}));
  ASSERT_EQ(lines.size(), 120U);
  for (std::size_t q = 0; q < 120; ++q) {
    EXPECT_EQ(lines[q].at("query"), q);
    ASSERT_EQ(lines[q].at("ids").size(), 120U);
    ASSERT_EQ(lines[q].at("scores").size(), 120U);
    for (std::size_t r = 0; r < 120; ++r) {
      EXPECT_EQ(lines[q].at("ids")[r], ids[q * 120 + r]);
      EXPECT_EQ(rows[q * 120 + r + 1][2], std::to_string(ids[q * 120 + r]));
    }
  }
}

TEST_F(Formats, TheResultObjectIsTheLastLineBehindTheRows) {
  const std::string out =
      out_of({"search", "own.index", "--queries", small_vectors, "--k", "2", "--format", "tsv", "--json"});
  EXPECT_EQ(last_line(out).at("output"), "-");
}

TEST_F(Formats, AnOutputThatIsOfNoFormatIsRefused) {
  for (const Words& words : {Words{"search", "own.index", "--queries", small_vectors},
                             Words{"predict", "latest", "--npz", small_vectors}}) {
    for (const Words& more : {Words{"--output", "x.npy"}, Words{"--output", "-"},
                              Words{"--format", "npz", "--output", "x.tsv"}, Words{"--format", "csv"}}) {
      Words all = words;
      all.insert(all.end(), more.begin(), more.end());
      const ProgramResult run = runner_in(folder.path(), all);
      EXPECT_EQ(run.exit_code, 2) << run.err;
      EXPECT_THAT(run.err, testing::ContainsRegex("tsv")) << more[1];
    }
  }
}

}  // namespace
}  // namespace runner::test
