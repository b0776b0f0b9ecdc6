#include "index/integer_prefilter/integer_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace runner::ann {
namespace {

// Rows packed in groups, as a scan packs them; the last pair of groups is filled up with zeros.
struct PackedRows {
  std::vector<std::int32_t> words;
  std::vector<NarrowFacts> facts;
  std::int64_t groups = 0;
};

std::vector<float> made(std::int64_t rows, std::int64_t width, float outlier, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(rows * width));
  for (float& value : values) value = normal(random);
  for (std::int64_t r = 0; r < rows; r += 3) values[static_cast<std::size_t>(r * width)] *= outlier;
  return values;
}

PackedRows pack_rows(const NarrowUnit& unit, const std::vector<float>& values, std::int64_t width) {
  const std::int64_t count = static_cast<std::int64_t>(values.size()) / width, words = unit.words(width);
  PackedRows packed;
  packed.groups = (count + 2 * unit.group - 1) / (2 * unit.group) * 2;
  packed.words.resize(static_cast<std::size_t>(packed.groups * unit.group * words));
  packed.facts.resize(static_cast<std::size_t>(count));
  for (std::int64_t r = 0; r < count; ++r)
    EXPECT_TRUE(pack_narrow(unit, values.data() + r * width, width, true,
                            packed.words.data() + r / unit.group * words * unit.group + r % unit.group,
                            unit.group, packed.facts[static_cast<std::size_t>(r)]));
  return packed;
}

double product(const float* a, const float* b, std::int64_t width) {
  double sum = 0;
  for (std::int64_t i = 0; i < width; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// The promise that exact search rests on, for every unit of this CPU.
TEST(Narrow, ProductsLieWithinTheirBounds) {
  const auto units = narrow_units();
  if (units.empty()) GTEST_SKIP() << "this CPU has no unit for narrow products";
  for (const NarrowUnit* unit : units)
    for (const std::int64_t width : {1, 3, 8, 31, 768, 1537})
      for (const float outlier : {1.0F, 300.0F}) {
        const std::int64_t rows = 37, n = 14, words = unit->words(width);
        const std::vector<float> values = made(rows, width, outlier, 1), queries = made(n, width, outlier, 2);
        const PackedRows packed = pack_rows(*unit, values, width);
        std::vector<std::int32_t> of_queries(static_cast<std::size_t>(n * (words + 1)));
        std::vector<NarrowFacts> facts(static_cast<std::size_t>(n));
        for (std::int64_t q = 0; q < n; ++q)
          ASSERT_TRUE(pack_narrow(*unit, queries.data() + q * width, width, false,
                                  of_queries.data() + q * (words + 1), 1,
                                  facts[static_cast<std::size_t>(q)]));
        const std::int64_t stride = packed.groups * unit->group;
        std::vector<std::int32_t> out(static_cast<std::size_t>(n * stride));
        unit->multiply(packed.words.data(), packed.groups, of_queries.data(), n, words, out.data());
        double worst = 0;
        for (std::int64_t q = 0; q < n; ++q)
          for (std::int64_t r = 0; r < rows; ++r) {
            const NarrowFacts &a = facts[static_cast<std::size_t>(q)],
                              &b = packed.facts[static_cast<std::size_t>(r)];
            const double exact = product(queries.data() + q * width, values.data() + r * width, width);
            const double narrow =
                static_cast<double>(out[static_cast<std::size_t>(q * stride + r)]) * a.step * b.step;
            const double bound = a.error * b.norm + a.norm * b.error;
            EXPECT_LE(std::abs(exact - narrow), bound + 1e-6 * a.norm * b.norm)
                << width << " " << q << " " << r;
            worst = std::max(worst, bound / (static_cast<double>(a.norm) * b.norm));
          }
        EXPECT_LT(worst, unit->values_a_word == 2 ? 0.02 : 2.0) << "bounds that are of no use";
      }
}

// Sums of 16 bits within a product would overflow here if the queries were not scaled down for it.
TEST(Narrow, ProductsOfTheGreatestValuesDoNotOverflow) {
  constexpr std::int64_t rows = 4, width = 100;
  std::vector<float> values;
  for (std::int64_t i = 0; i < rows * width; ++i)
    values.push_back(i < width ? 1.0F : i < 2 * width ? -1.0F : i / 2 % 2 == 0 ? 1.0F : -1.0F);
  for (const NarrowUnit* unit : narrow_units()) {
    const PackedRows packed = pack_rows(*unit, values, width);
    const std::int64_t words = unit->words(width), stride = packed.groups * unit->group;
    std::vector<std::int32_t> query(static_cast<std::size_t>(words + 1)),
        out(static_cast<std::size_t>(stride));
    for (std::int64_t q = 0; q < rows; ++q) {
      NarrowFacts facts;
      ASSERT_TRUE(pack_narrow(*unit, values.data() + q * width, width, false, query.data(), 1, facts));
      unit->multiply(packed.words.data(), packed.groups, query.data(), 1, words, out.data());
      for (std::int64_t r = 0; r < rows; ++r) {
        const NarrowFacts& row = packed.facts[static_cast<std::size_t>(r)];
        EXPECT_NEAR(static_cast<float>(out[static_cast<std::size_t>(r)]) * facts.step * row.step,
                    product(values.data() + q * width, values.data() + r * width, width),
                    facts.error * row.norm + facts.norm * row.error + 1e-3)
            << unit->values_a_word << " values a word, " << q << " " << r;
      }
    }
  }
}

TEST(Narrow, RefusesWhatItCannotBound) {
  for (const NarrowUnit* unit : narrow_units()) {
    std::vector<std::int32_t> words(8);
    NarrowFacts facts;
    for (const float bad : {NAN, INFINITY, 1e30F, 1e-30F}) {
      const float vector[] = {bad, 0};
      EXPECT_FALSE(pack_narrow(*unit, vector, 2, true, words.data(), 1, facts)) << bad;
    }
    const float zero[] = {0, 0};
    EXPECT_TRUE(pack_narrow(*unit, zero, 2, true, words.data(), 1, facts));
    EXPECT_EQ(facts.error, 0);
  }
}

TEST(Narrow, FindsThePlacesNotBelowTheLimit) {
  if (narrow_units().empty()) GTEST_SKIP() << "this CPU has no unit for narrow products";
  std::vector<std::int32_t> products;
  std::vector<float> steps(29, 2), minus(29, 1);
  for (int i = 0; i < 29; ++i) products.push_back(i * 7 % 29);
  std::vector<std::int32_t> found, expected;
  find_not_below(products.data(), steps.data(), minus.data(), 29, 0.5F, 19, found);
  for (int i = 0; i < 29; ++i)
    if (products[static_cast<std::size_t>(i)] - 1 >= 19) expected.push_back(i);
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace runner::ann
