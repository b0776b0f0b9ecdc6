#include "jobs/sequences/neighbors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "data/make_files.h"

namespace runner::jobs {
namespace {
using ::testing::ElementsAre;

// Rows at these angles in the plane, of growing length: only directions count.
std::string write_angles(const std::filesystem::path& path, const std::vector<double>& degrees,
                         const std::vector<std::int64_t>& articles) {
  std::vector<float> rows;
  for (std::size_t i = 0; i < degrees.size(); ++i) {
    rows.push_back(static_cast<float>(std::cos(degrees[i] * M_PI / 180)));
    rows.push_back(static_cast<float>(std::sin(degrees[i] * M_PI / 180)));
  }
  data::NpzWriter writer(path);
  writer.write("vectors", data::DType::f32, {static_cast<std::int64_t>(degrees.size()), 2}, rows.data());
  writer.write("article_indices", articles);
  writer.finish();
  return path.string();
}

TEST(Neighbors, AreTheMostSimilarRowsNearestLast) {
  const test::TemporaryFolder folder;
  const data::Vectors vectors(write_angles(folder / "x.npz", {0, 50, 5, 20}, {1, 1, 2, 2}));
  const NeighborRows all = find_neighbors(vectors, {.context = 2, .within_article = false});
  EXPECT_THAT(all.targets, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(all.contexts, ElementsAre(3, 2, /**/ 2, 3, /**/ 3, 0, /**/ 0, 2));
}

TEST(Neighbors, LeaveExactDuplicatesOut) {
  const test::TemporaryFolder folder;
  const data::Vectors vectors(write_angles(folder / "x.npz", {0, 0, 0, 10, 30}, {1, 1, 1, 1, 1}));
  const NeighborRows found = find_neighbors(vectors, {.context = 2, .within_article = false});
  EXPECT_THAT(found.targets, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(std::vector(found.contexts.begin(), found.contexts.begin() + 2), ElementsAre(4, 3));
}

TEST(Neighbors, OfOneArticleComeFromThatArticle) {
  const test::TemporaryFolder folder;
  // Article 2 lies in two pieces; article 3 has too few rows for a context of 2.
  const data::Vectors vectors(
      write_angles(folder / "x.npz", {0, 1, 2, 3, 4, 5, 6, 7}, {2, 1, 1, 1, 2, 2, 3, 3}));
  const NeighborRows found = find_neighbors(vectors, {.context = 2, .within_article = true});
  EXPECT_THAT(found.targets, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(std::vector(found.contexts.begin(), found.contexts.begin() + 4), ElementsAre(5, 4, 3, 2));
}

TEST(Neighbors, AgreeWithComparingEveryPairInDoublePrecision) {
  const test::TemporaryFolder folder;
  constexpr std::int64_t n = 3000, width = 24;
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> rows(n * width);
  for (float& value : rows) value = normal(random);
  data::NpzWriter writer(folder / "x.npz");
  writer.write("vectors", data::DType::f32, {n, width}, rows.data());
  writer.finish();
  const NeighborRows found =
      find_neighbors(data::Vectors((folder / "x.npz").string()), {.context = 5, .within_article = false});
  ASSERT_EQ(found.targets.size(), static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; i += 97) {
    std::vector<std::pair<double, std::uint32_t>> scores;
    const auto product = [&](std::int64_t a, std::int64_t b) {
      double sum = 0;
      for (std::int64_t d = 0; d < width; ++d)
        sum += static_cast<double>(rows[a * width + d]) * rows[b * width + d];
      return sum;
    };
    for (std::int64_t j = 0; j < n; ++j)
      if (j != i)
        scores.emplace_back(-product(i, j) / std::sqrt(product(j, j)), static_cast<std::uint32_t>(j));
    std::sort(scores.begin(), scores.end());
    for (int k = 0; k < 5; ++k) EXPECT_EQ(found.contexts[i * 5 + 4 - k], scores[k].second) << i << " " << k;
  }
}

}  // namespace
}  // namespace runner::jobs
