// Statistics of the counter-based draws.

#include "engines/cpu/dropout.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace runner::lvm::cpu {
namespace {

std::vector<int> drops(const Dropout& d, int rows, std::int64_t columns) {
  std::vector<int> dropped;
  float factor[dropout_block];
  for (int r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; c += dropout_block) {
      dropout_factors(d, static_cast<std::uint32_t>(r) * dropout_stride(columns), c, factor);
      for (const float f : factor) dropped.push_back(f == 0 ? 1 : 0);
    }
  return dropped;
}

double share(const std::vector<int>& v) {
  double total = 0;
  for (const int x : v) total += x;
  return total / static_cast<double>(v.size());
}

// Correlation of a[i] and b[i + shift].
double correlation(const std::vector<int>& a, const std::vector<int>& b, std::size_t shift) {
  const double p = share(a), q = share(b);
  double total = 0;
  const std::size_t n = a.size() - shift;
  for (std::size_t i = 0; i < n; ++i) total += (a[i] - p) * (b[i + shift] - q);
  return total / (static_cast<double>(n) * std::sqrt(p * (1 - p) * q * (1 - q)));
}

constexpr int rows = 2000;
constexpr std::int64_t columns = 512;                               // a million draws
constexpr double five_sigma = 5.0 / 1011.0;                         // of a correlation of a million draws
const double share_five_sigma = 5.0 * std::sqrt(0.1 * 0.9) / 1011;  // of the share dropped

TEST(Dropout, DropsTheShareAskedForAndKeepsTheMean) {
  const Dropout d = make_dropout({1, 1}, 0, 0, 0.1);
  EXPECT_NEAR(share(drops(d, rows, columns)), 0.1, share_five_sigma);
  EXPECT_NEAR(d.scale * (1.0 - d.threshold / 65536.0), 1.0, 1e-6);
  EXPECT_EQ(make_dropout({1, 1}, 0, 0, 0.0).threshold, 0u);
}

TEST(Dropout, NeighboursAreUncorrelated) {
  const auto v = drops(make_dropout({1, 1}, 0, 0, 0.1), rows, columns);
  for (const std::size_t shift : {1u, 2u, 3u, 15u, 16u, 17u, 31u, 32u, 511u, 512u, 1024u})
    EXPECT_LT(std::abs(correlation(v, v, shift)), five_sigma) << shift;
}

TEST(Dropout, StepsLayersPlacesAndSeedsAreUncorrelated) {
  const auto v = drops(make_dropout({1, 1}, 0, 0, 0.1), rows, columns);
  const std::vector<Dropout> others{make_dropout({1, 2}, 0, 0, 0.1), make_dropout({2, 1}, 0, 0, 0.1),
                                    make_dropout({1, 1}, 1, 0, 0.1), make_dropout({1, 1}, 0, 1, 0.1)};
  for (const Dropout& d : others)
    for (const std::size_t shift : {0u, 1u, 16u, 512u})
      EXPECT_LT(std::abs(correlation(v, drops(d, rows, columns), shift)), five_sigma) << shift;
}

TEST(Dropout, EveryColumnAndEveryRowDropsItsShare) {
  const auto v = drops(make_dropout({3, 9}, 2, 4, 0.1), rows, columns);
  double chi_columns = 0, chi_rows = 0;
  for (std::int64_t c = 0; c < columns; ++c) {
    double n = 0;
    for (int r = 0; r < rows; ++r) n += v[static_cast<std::size_t>(r * columns + c)];
    chi_columns += (n - rows * 0.1) * (n - rows * 0.1) / (rows * 0.09);
  }
  for (int r = 0; r < rows; ++r) {
    double n = 0;
    for (std::int64_t c = 0; c < columns; ++c) n += v[static_cast<std::size_t>(r * columns + c)];
    chi_rows += (n - columns * 0.1) * (n - columns * 0.1) / (columns * 0.09);
  }
  EXPECT_NEAR(chi_columns / columns, 1.0, 5 * std::sqrt(2.0 / columns));
  EXPECT_NEAR(chi_rows / rows, 1.0, 5 * std::sqrt(2.0 / rows));
}

TEST(Dropout, BitsOfADrawAreEven) {
  const Dropout d = make_dropout({5, 6}, 0, 0, 0.1);
  constexpr int n = 1 << 20;
  for (int bit = 0; bit < 32; ++bit) {
    int ones = 0, flips = 0;  // flips: by the lowest bit of the counter
    for (std::uint32_t i = 0; i < n; ++i) {
      ones += static_cast<int>(draw32(d, i) >> bit & 1u);
      flips += static_cast<int>((draw32(d, i) ^ draw32(d, i ^ 1u)) >> bit & 1u);
    }
    EXPECT_NEAR(ones / static_cast<double>(n), 0.5, 0.0025) << bit;
    EXPECT_NEAR(flips / static_cast<double>(n), 0.5, 0.0035) << bit;
  }
}

}  // namespace
}  // namespace runner::lvm::cpu
