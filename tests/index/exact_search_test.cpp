#include "index/exact_search/exact_search.h"

#include <faiss/IndexFlat.h>
#include <faiss/index_factory.h>
#include <faiss/index_io.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "index/build/flat_writer.h"
#include "index/integer_prefilter/integer_rows.h"
#include "index/made_vectors.h"
#include "index/reading/mapped_index.h"
#include "index/reading/search.h"
#include "threads/team.h"

namespace runner::ann {
namespace {

constexpr std::int64_t width = 96, rows = 5000;

// Scores must agree; where ids differ the two rows must have the same score.
void expect_same(const Neighbours& ours, faiss::Index& theirs, const std::vector<float>& queries,
                 bool distance) {
  std::vector<float> scores(ours.scores.size());
  std::vector<std::int64_t> ids(ours.ids.size());
  theirs.search(ours.queries, queries.data(), ours.k, scores.data(), ids.data());
  std::vector<float> vector(static_cast<std::size_t>(theirs.d));
  for (std::size_t i = 0; i < scores.size(); ++i) {
    ASSERT_NEAR(ours.scores[i], scores[i], distance ? 1e-3 : 1e-4) << "place " << i;
    if (ours.ids[i] == ids[i]) continue;
    ASSERT_GE(ours.ids[i], 0);
    theirs.reconstruct(ours.ids[i], vector.data());
    const float* query = queries.data() + static_cast<std::int64_t>(i) / ours.k * theirs.d;
    float own = 0;
    for (int d = 0; d < theirs.d; ++d) {
      const float gap = vector[static_cast<std::size_t>(d)] - query[d];
      own += distance ? gap * gap : vector[static_cast<std::size_t>(d)] * query[d];
    }
    ASSERT_NEAR(own, scores[i], distance ? 1e-3 : 1e-4) << "place " << i << ": another row than FAISS's";
  }
}

class LikeFaiss : public testing::TestWithParam<std::tuple<Metric, int>> {};

TEST_P(LikeFaiss, FindsTheSameNeighbours) {
  const auto [metric, n] = GetParam();
  const test::TemporaryFolder folder;
  std::vector<float> values = test::random_vectors(rows, width);
  std::copy_n(values.begin(), width, values.begin() + 4000 * width);  // an exact duplicate
  const data::Vectors vectors(test::write_npz(folder / "x.npz", values, width));
  write_flat_index(vectors, {metric, false, {}}, folder / "x.index");
  std::vector<float> queries = test::random_vectors(n, width, 7);
  std::copy_n(values.begin(), width, queries.begin());  // one query is a row
  const std::unique_ptr<faiss::Index> theirs(faiss::read_index((folder / "x.index").c_str()));
  for (const std::int64_t k : {1, 10, 100}) {
    const auto mapped = MappedIndex::open(folder / "x.index", true);
    expect_same(exact_search(*mapped, metric, queries.data(), n, k), *theirs, queries, metric == Metric::l2);
    const InputRows input(vectors, false);
    expect_same(exact_search(input, metric, queries.data(), n, k), *theirs, queries, metric == Metric::l2);
  }
}

INSTANTIATE_TEST_SUITE_P(Queries, LikeFaiss,
                         testing::Combine(testing::Values(Metric::inner_product, Metric::l2),
                                          testing::Values(1, 7, 19, 20, 63, 64, 150, 4200)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param) == Metric::l2 ? "L2" : "InnerProduct") +
                                  "Of" + std::to_string(std::get<1>(info.param));
                         });

// Few queries are scored in float32 throughout, many by the scan in small integers: the same, bit by bit.
// Rows with outliers are coarse in 8 bits: the scan may go on in 16. (Without vector units few queries are
// summed in double.)
TEST(ExactSearch, FindsForManyQueriesWhatItFindsForFew) {
  constexpr std::int64_t n = 300, k = 10;
  if (narrow_units().empty()) GTEST_SKIP() << "this CPU has no unit for narrow products";
  const std::vector<float> queries = test::random_vectors(n, width, 7);
  for (const float outlier : {1.0F, 40.0F}) {
    std::vector<float> values = test::random_vectors(rows, width);
    for (std::size_t i = 0; i < values.size(); i += width) values[i + i / width % width] *= outlier;
    std::copy_n(values.begin(), 7 * width, values.begin() + 4000 * width);  // exact duplicates
    const test::TemporaryFolder folder;
    const data::Vectors vectors(test::write_npz(folder / "x.npz", values, width));
    for (const Metric metric : {Metric::inner_product, Metric::l2}) {
      std::filesystem::remove(folder / "x.index");  // it is written where nothing is
      write_flat_index(vectors, {metric, false, {}}, folder / "x.index");
      const auto mapped = MappedIndex::open(folder / "x.index");
      const Neighbours many = exact_search(*mapped, metric, queries.data(), n, k);
      for (std::int64_t q = 0; q < n; q += 10) {
        const Neighbours few = exact_search(*mapped, metric, queries.data() + q * width, 10, k);
        EXPECT_TRUE(std::equal(few.ids.begin(), few.ids.end(), many.ids.begin() + q * k)) << q;
        EXPECT_TRUE(std::equal(few.scores.begin(), few.scores.end(), many.scores.begin() + q * k)) << q;
      }
    }
  }
}

// Rows so alike that rounded products tell few of them apart, rows of zeros, and one of wild length.
TEST(ExactSearch, FindsTheSameNeighboursAmongRowsThatAreHardToTellApart) {
  constexpr std::int64_t many = 20000, n = 100;
  std::vector<float> values = test::random_vectors(many, width), base = test::random_vectors(1, width, 3);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = base[i % width] + 1e-4F * values[i];
  std::fill_n(values.begin() + 100 * width, 3 * width, 0.0F);
  const std::vector<float> queries = test::random_vectors(n, width, 7);
  for (const float wild : {1.0F, 1e9F}) {
    for (int d = 0; d < width; ++d)
      values[static_cast<std::size_t>(15000 * width + d)] = wild * base[static_cast<std::size_t>(d)];
    for (const Metric metric : {Metric::inner_product, Metric::l2}) {
      faiss::IndexFlat theirs(width, metric == Metric::l2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT);
      theirs.add(many, values.data());
      const test::TemporaryFolder folder;
      faiss::write_index(&theirs, (folder / "x.index").c_str());
      const auto mapped = MappedIndex::open(folder / "x.index", true);
      const Neighbours ours = exact_search(*mapped, metric, queries.data(), n, 10);
      std::vector<float> scores(ours.scores.size());
      std::vector<std::int64_t> ids(ours.ids.size());
      theirs.search(n, queries.data(), 10, scores.data(), ids.data());
      for (std::size_t i = 0; i < scores.size(); ++i)
        ASSERT_NEAR(ours.scores[i], scores[i], 1e-5 * std::max(300.0F, std::abs(scores[i])))
            << wild << " " << i;
    }
  }
}

// The k best scores of one query in double precision; rows that are no numbers left out.
std::vector<double> true_scores(const std::vector<float>& values, const float* query, Metric metric, int k) {
  std::vector<double> scores;
  for (std::size_t row = 0; row < values.size(); row += width) {
    double score = 0;
    for (std::size_t d = 0; d < width; ++d) {
      const double x = values[row + d], q = query[d];
      score += metric == Metric::l2 ? (x - q) * (x - q) : -x * q;
    }
    if (!std::isnan(score)) scores.push_back(score);
  }
  std::partial_sort(scores.begin(), scores.begin() + k, scores.end());
  scores.resize(static_cast<std::size_t>(k));
  if (metric != Metric::l2)
    for (double& score : scores) score = -score;
  return scores;
}

void expect_true(const std::vector<float>& values, const std::vector<float>& queries, Metric metric) {
  constexpr int k = 10;
  const test::TemporaryFolder folder;
  faiss::IndexFlat index(width, metric == Metric::l2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT);
  index.add(static_cast<std::int64_t>(values.size()) / width, values.data());
  faiss::write_index(&index, (folder / "x.index").c_str());
  const auto mapped = MappedIndex::open(folder / "x.index", true);
  for (const std::int64_t n : {1, 12, 100}) {
    const Neighbours ours = exact_search(*mapped, metric, queries.data(), n, k);
    for (std::int64_t q = 0; q < n; ++q) {
      const std::vector<double> expected = true_scores(values, queries.data() + q * width, metric, k);
      for (std::int64_t i = 0; i < k; ++i) {
        const double best = expected[static_cast<std::size_t>(i)];
        ASSERT_NEAR(ours.scores[static_cast<std::size_t>(q * k + i)], best, 1e-4 * std::abs(best))
            << n << " queries, query " << q << ", place " << i;
      }
    }
  }
}

// |q|² + |x|² - 2qx cancels there: nothing may be decided by it. (So many rows that the scan gives up.)
TEST(ExactSearch, DistancesFarFromTheOriginAreNoLessExact) {
  std::vector<float> values = test::random_vectors(30000, width);
  std::vector<float> queries = test::random_vectors(100, width, 7);
  for (auto* shifted : {&values, &queries})
    for (float& value : *shifted) value += 1000;
  expect_true(values, queries, Metric::l2);
}

// Only FAISS writes such an index.
TEST(ExactSearch, RowsThatAreNoNumbersAreNoNeighbours) {
  std::vector<float> values = test::random_vectors(rows, width);
  for (const int row : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 77, 4000})
    values[static_cast<std::size_t>(row * width + row % width)] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> queries = test::random_vectors(100, width, 7);
  for (const Metric metric : {Metric::inner_product, Metric::l2}) expect_true(values, queries, metric);
}

TEST(ExactSearch, PadsBeyondTheRowsThereAreAsFaissDoes) {
  const test::TemporaryFolder folder;
  const std::vector<float> values = test::random_vectors(3, 8);
  const data::Vectors vectors(test::write_npz(folder / "x.npz", values, 8));
  for (const Metric metric : {Metric::inner_product, Metric::l2}) {
    std::filesystem::remove(folder / "x.index");  // it is written where nothing is
    write_flat_index(vectors, {metric, false, {}}, folder / "x.index");
    const Neighbours ours = open_index(folder / "x.index").search(values.data(), 1, 5);
    const std::unique_ptr<faiss::Index> theirs(faiss::read_index((folder / "x.index").c_str()));
    std::vector<float> scores(5);
    std::vector<std::int64_t> ids(5);
    theirs->search(1, values.data(), 5, scores.data(), ids.data());
    EXPECT_EQ(ours.ids, std::vector<std::int64_t>(ids.begin(), ids.end()));
    EXPECT_EQ(ours.scores[4], scores[4]);
  }
}

// Few and many queries, with ties: the index's bytes, rows and scores.
TEST(ExactSearch, FindsTheSameBitsWhateverTheThreads) {
  const test::TemporaryFolder folder;
  std::vector<float> values = test::random_vectors(rows, width);
  std::copy_n(values.begin(), 500 * width, values.begin() + 4000 * width);
  const data::Vectors vectors(test::write_npz(folder / "x.npz", values, width));
  const std::vector<float> queries(values.begin(), values.begin() + 200 * width);
  const int before = team::size();
  for (const Metric metric : {Metric::inner_product, Metric::l2}) {
    std::vector<Neighbours> first;
    std::string bytes;
    for (const int threads : {1, 2, 3, 5, 2}) {
      team::resize(threads);
      std::filesystem::remove(folder / "x.index");  // it is written where nothing is
      write_flat_index(vectors, {metric, true, {}}, folder / "x.index");
      const std::string written = test::file_contents(folder / "x.index");
      if (threads == 1) bytes = written;
      EXPECT_TRUE(written == bytes) << threads << " threads";
      const auto index = MappedIndex::open(folder / "x.index", false);
      for (const std::size_t n : {1, 30, 200}) {
        const Neighbours found =
            exact_search(*index, metric, queries.data(), static_cast<std::int64_t>(n), 10);
        if (threads == 1) first.push_back(found);
        const Neighbours& expected = first[n == 1 ? 0 : n == 30 ? 1 : 2];
        EXPECT_EQ(found.ids, expected.ids) << n << " queries, " << threads << " threads";
        EXPECT_EQ(found.scores, expected.scores) << n << " queries, " << threads << " threads";
      }
    }
  }
  team::resize(before);
}

TEST(Search, GivesTheIdsOfTheIndex) {
  const test::TemporaryFolder folder;
  const std::vector<float> values = test::random_vectors(200, 8);
  const data::Vectors vectors(test::write_npz(folder / "x.npz", values, 8));
  write_flat_index(vectors, {Metric::l2, false, vectors.integers("chunk_ids")}, folder / "x.index");
  const Neighbours found = open_index(folder / "x.index").search(values.data(), 30, 1);
  for (std::int64_t q = 0; q < 30; ++q) EXPECT_EQ(found.ids[static_cast<std::size_t>(q)], 1000 + 3 * q);
}

TEST(Search, OpensOtherTypesByFaiss) {
  const test::TemporaryFolder folder;
  const std::vector<float> values = test::random_vectors(2000, 16);
  const std::unique_ptr<faiss::Index> built(faiss::index_factory(16, "IVF8,Flat", faiss::METRIC_L2));
  built->train(2000, values.data());
  built->add(2000, values.data());
  faiss::write_index(built.get(), (folder / "x.index").c_str());
  const OpenIndex open = open_index(folder / "x.index");
  EXPECT_FALSE(open.exact());
  EXPECT_EQ(open.rows(), 2000);
  const Neighbours found = open.search(values.data(), 10, 3);
  for (std::int64_t q = 0; q < 10; ++q) EXPECT_EQ(found.ids[static_cast<std::size_t>(3 * q)], q);
}

TEST(Search, NamesAFileThatIsNoIndex) {
  const test::TemporaryFolder folder;
  EXPECT_THROW(open_index(folder.write("x.index", std::string(500, 'x'))), DataError);
  EXPECT_THROW(open_index(folder.write("empty.index", "")), DataError);
}

}  // namespace
}  // namespace runner::ann
