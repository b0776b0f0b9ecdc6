#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/log.h"
#include "data/samples/samples.h"
#include "data/samples/sequence_samples.h"
#include "data/samples/split.h"
#include "make_files.h"
#include "support/test_name.h"

namespace runner::data {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::int64_t> targets_of(const Vectors& vectors, const WindowOptions& options) {
  const Windows windows(vectors, options);
  std::vector<std::int64_t> targets;
  for (std::int64_t i = 0; i < windows.size(); ++i) targets.push_back(windows.target_row(i));
  return targets;
}

TEST(Windows, StayInsideOneArticle) {
  const test::TemporaryFolder folder;
  const Vectors vectors(test::write_vectors(folder / "x.npz", 2, {1, 1, 1, 1, 2, 2, 3, 3, 3}));
  WindowOptions options{.context = 2, .target_offset = 1};
  EXPECT_THAT(targets_of(vectors, options), ElementsAre(2, 3, 8));
  options.target_offset = 2;
  EXPECT_THAT(targets_of(vectors, options), ElementsAre(3));
  const Windows windows(vectors, options);
  EXPECT_EQ(windows.context_row(0, 0), 0);
  EXPECT_EQ(windows.context_row(0, 1), 1);
}

TEST(Windows, ExcludedArticlesNeverJoinTheirSides) {
  const test::TemporaryFolder folder;
  const Vectors vectors(test::write_vectors(folder / "x.npz", 2, {1, 1, 5, 5, 5, 7, 7, 8, 8, 8}));
  EXPECT_THAT(targets_of(vectors, {.context = 2, .exclude_articles = {"4-6"}}), ElementsAre(9));
  EXPECT_THAT(targets_of(vectors, {.context = 2, .exclude_articles = {"8"}}), ElementsAre(4));
}

// A file of these rows; `chunks` may be empty.
std::string write_rows(const std::filesystem::path& path, const std::vector<std::int64_t>& articles,
                       const std::vector<std::int64_t>& chunks) {
  NpzWriter writer(path);
  const auto rows = static_cast<std::int64_t>(articles.size());
  writer.write("vectors", DType::f32, {rows, 2}, test::numbered_rows(rows, 2).data());
  writer.write("article_indices", articles);
  if (!chunks.empty()) writer.write("chunk_indices", chunks);
  writer.finish();
  return path.string();
}

// Each window as "context rows>target".
std::vector<std::string> windows_of(const Vectors& vectors, const WindowOptions& options) {
  const Windows windows(vectors, options);
  std::vector<std::string> texts;
  for (std::int64_t i = 0; i < windows.size(); ++i)
    texts.push_back(
        fmt::format("{} {}>{}", windows.context_row(i, 0), windows.context_row(i, 1), windows.target_row(i)));
  return texts;
}

TEST(Windows, FollowChunkNumbersAndNotTheFile) {
  const test::TemporaryFolder folder;
  const WindowOptions options{.context = 2};
  // Backwards; of two articles in turns; with numbers that leave some out.
  EXPECT_THAT(windows_of(Vectors(write_rows(folder / "a.npz", {4, 4, 4, 4}, {3, 2, 1, 0})), options),
              ElementsAre("3 2>1", "2 1>0"));
  EXPECT_THAT(
      windows_of(Vectors(write_rows(folder / "b.npz", {9, 4, 9, 4, 9, 4}, {0, 0, 1, 1, 2, 2})), options),
      ElementsAre("1 3>5", "0 2>4"));
  EXPECT_THAT(
      windows_of(Vectors(write_rows(folder / "c.npz", {4, 4, 4, 9, 9, 9}, {10, 7, 8, 0, 1, 5})), options),
      ElementsAre("1 2>0", "3 4>5"));
  // Without numbers a row's place among its article's rows is its number.
  EXPECT_THAT(windows_of(Vectors(write_rows(folder / "d.npz", {9, 4, 9, 4, 9, 4}, {})), options),
              ElementsAre("1 3>5", "0 2>4"));
  // What is left out is left out there too.
  EXPECT_THAT(windows_of(Vectors(write_rows(folder / "e.npz", {9, 4, 9, 4, 9, 4}, {0, 2, 1, 1, 2, 0})),
                         {.context = 2, .exclude_articles = {"9"}}),
              ElementsAre("5 3>1"));
}

TEST(Windows, KeepTheOrderOfFilesThatAreInOrder) {
  const test::TemporaryFolder folder;
  const Vectors vectors(write_rows(folder / "x.npz", {9, 9, 9, 4, 4, 4}, {5, 6, 9, 0, 1, 2}));
  EXPECT_THAT(windows_of(vectors, {.context = 2}), ElementsAre("0 1>2", "3 4>5"));
  EXPECT_TRUE(order_of(vectors).rows.empty());
}

TEST(Windows, RowsOfEqualNumbersFollowEachOtherAsInTheFile) {
  const test::TemporaryFolder folder;
  const Vectors vectors(write_rows(folder / "x.npz", {4, 4, 4, 4}, {1, 0, 1, 0}));
  EXPECT_THAT(windows_of(vectors, {.context = 2}), ElementsAre("1 3>0", "3 0>2"));
  EXPECT_EQ(order_of(vectors).equal, 2);
}

TEST(Windows, FilesThatNumberTheSameArticlesDoNotMix) {
  const test::TemporaryFolder folder;
  const std::string a = write_rows(folder / "a.npz", {0, 0, 0, 1, 1, 1}, {0, 1, 2, 0, 1, 2});
  const std::string b = write_rows(folder / "b.npz", {1, 1, 1, 0, 0, 0}, {0, 1, 2, 2, 1, 0});
  const std::string more = write_rows(folder / "more.npz", {1, 1, 0}, {3, 4, 3});
  EXPECT_THAT(windows_of(Vectors({a, a}), {.context = 2}), ElementsAre("0 1>2", "3 4>5", "6 7>8", "9 10>11"));
  EXPECT_THAT(windows_of(Vectors({a, b}), {.context = 2}), ElementsAre("0 1>2", "3 4>5", "11 10>9", "6 7>8"));
  // Chunk numbers that go on tell one article in two files.
  EXPECT_THAT(windows_of(Vectors({a, more}), {.context = 2}),
              ElementsAre("0 1>2", "1 2>8", "3 4>5", "4 5>6", "5 6>7"));
}

TEST(Windows, ShortArticlesAreLeftOut) {
  const test::TemporaryFolder folder;
  const Vectors vectors(test::write_vectors(folder / "x.npz", 2, {1, 1, 1, 2, 2, 2, 2}));
  EXPECT_THAT(targets_of(vectors, {.context = 2, .min_article_length = 4}), ElementsAre(5, 6));
}

TEST(Windows, WithoutArticlesTheWholeFileIsOne) {
  const test::TemporaryFolder folder;
  const Vectors vectors(test::write_vectors(folder / "x.npz", 2, {}, 4));
  EXPECT_THAT(targets_of(vectors, {.context = 2}), ElementsAre(2, 3));
  EXPECT_THAT(test::message_of<DataError>([&] { targets_of(vectors, {.exclude_articles = {"1-2"}}); }),
              HasSubstr("need article numbers"));
}

TEST(Windows, RefusesRangesThatAreNone) {
  for (const char* text : {"", "x", "5-", "9-3", "1-2-3"})
    EXPECT_THAT(test::message_of<UsageError>([&] { parse_article_ranges({text}); }),
                HasSubstr("no range of articles"));
}

struct Recorded {
  const char* file;
  std::int64_t offset;
  std::vector<std::string> exclude;
};

class LegacyWindows : public ::testing::TestWithParam<Recorded> {};

TEST_P(LegacyWindows, AreThoseOfTheOriginalToolBitForBit) {
  const Recorded& recorded = GetParam();
  const std::string folder = test::fixtures + "/sequences/";
  const auto theirs = open_sequences({folder + recorded.file});
  const auto ours = open_samples(
      {folder + "input.npz"},
      {.target_offset = recorded.offset, .within_article = false, .exclude_articles = recorded.exclude});
  ASSERT_EQ(ours->size(), theirs->size());
  ASSERT_GT(ours->size(), 80);
  std::vector<float> context(40), target(8), their_context(40), their_target(8);
  for (std::int64_t i = 0; i < ours->size(); ++i) {
    ours->gather(&i, 1, context.data(), target.data());
    theirs->gather(&i, 1, their_context.data(), their_target.data());
    ASSERT_EQ(context, their_context) << i;
    ASSERT_EQ(target, their_target) << i;
    ASSERT_EQ(ours->article(i), theirs->article(i)) << i;
    ASSERT_EQ(ours->target_chunk(i), theirs->target_chunk(i)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded, LegacyWindows,
                         ::testing::Values(Recorded{"classic.npz", 1, {}},
                                           Recorded{"excluded.npz", 1, {"41-61"}},
                                           Recorded{"p6_classic.npz", 2, {}},
                                           Recorded{"p6_excluded.npz", 2, {"41-61"}},
                                           Recorded{"old_metadata.npz", 2, {"41-61"}}),
                         [](const auto& info) { return test::test_name(info.param.file); });

TEST(Samples, TrainingFromVectorsGivesTheSameAsWrittenSequences) {
  const test::TemporaryFolder folder;
  const std::string input = test::fixtures + "/sequences/input.npz";
  const auto windows = open_samples({input}, {.target_offset = 2});
  const std::int64_t n = windows->size();
  std::vector<float> contexts(static_cast<std::size_t>(n * 40)), targets(static_cast<std::size_t>(n * 8));
  std::vector<std::int64_t> articles;
  for (std::int64_t i = 0; i < n; ++i) {
    windows->gather(&i, 1, contexts.data() + i * 40, targets.data() + i * 8);
    articles.push_back(windows->article(i));
  }
  NpzWriter writer(folder / "x.npz", Compression::deflated);
  writer.write("X", DType::f32, {n, 5, 8}, contexts.data());
  writer.write("y", DType::f32, {n, 8}, targets.data());
  writer.write("article_ids", articles);
  writer.finish();
  const auto sequences = open_samples({(folder / "x.npz").string()}, {});
  ASSERT_EQ(sequences->size(), n);
  EXPECT_EQ(sequences->context(), 5);
  EXPECT_EQ(sequences->vectors(), nullptr);
  const std::int64_t last = n - 1;
  std::vector<float> context(40), target(8);
  sequences->gather(&last, 1, context.data(), target.data());
  EXPECT_TRUE(std::equal(context.begin(), context.end(), contexts.end() - 40));
  EXPECT_TRUE(std::equal(target.begin(), target.end(), targets.end() - 8));
  EXPECT_EQ(split_by_article(*sequences, 0.3).validation, split_by_article(*windows, 0.3).validation);
}

TEST(Split, TheLastArticlesValidate) {
  const test::TemporaryFolder folder;
  std::vector<std::int64_t> articles;
  for (const std::int64_t article : {30, 10, 20, 40})
    for (int i = 0; i < 8; ++i) articles.push_back(article);
  articles.insert(articles.end(), {99, 99});  // too short for a window: takes no part
  const auto samples = open_samples({test::write_vectors(folder / "x.npz", 2, articles)}, {});
  const Split split = split_by_article(*samples, 0.5);
  EXPECT_THAT(split.articles, ElementsAre(10, 20, 30, 40));
  EXPECT_THAT(split.validation_articles, ElementsAre(30, 40));
  EXPECT_THAT(split.validation, ElementsAre(0, 1, 2, 9, 10, 11));
  EXPECT_EQ(split.training.size(), 6u);
  EXPECT_THAT(split_by_article(*samples, 0.01).validation_articles, ElementsAre(40));
}

TEST(Split, RandomIsSeededAndComplete) {
  const test::TemporaryFolder folder;
  const auto samples = open_samples({test::write_vectors(folder / "x.npz", 2, {}, 105)}, {});
  const Split a = split_at_random(*samples, 0.1, 1), b = split_at_random(*samples, 0.1, 1),
              c = split_at_random(*samples, 0.1, 2);
  EXPECT_EQ(a.validation.size(), 10u);
  EXPECT_EQ(a.training.size(), 90u);
  EXPECT_EQ(a.validation, b.validation);
  EXPECT_NE(a.validation, c.validation);
  EXPECT_THAT(test::message_of<DataError>([&] { split_by_article(*samples, 0.1); }), HasSubstr("by: random"));
}

TEST(Split, OfTheLargeDataIsTheKnownOne) {
  const char* path = std::getenv("RUNNER_DATA");
  if (path == nullptr) GTEST_SKIP() << "RUNNER_DATA is not set";
  const auto samples = open_samples({path}, {.target_offset = 2});
  if (samples->vectors()->rows() != 49308) GTEST_SKIP() << "RUNNER_DATA is another file";
  const Split split = split_by_article(*samples, 0.1);
  EXPECT_EQ(split.articles.size(), 1945u);
  EXPECT_EQ(split.training.size(), 22566u);
  EXPECT_EQ(split.validation.size(), 5799u);
}

}  // namespace
}  // namespace runner::data
