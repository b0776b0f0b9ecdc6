#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "data/content_hash.h"
#include "data/formats/convert.h"
#include "data/formats/zip/crc32.h"

namespace runner::data {
namespace {

TEST(Convert, EveryHalfAgreesWithTheReferenceBitForBit) {
  // All 65,536 halves, from an odd address as the files have it, and 3 more so that a tail is left.
  std::vector<std::byte> raw(1 + 2 * (65536 + 3));
  for (std::uint32_t i = 0; i < 65536 + 3; ++i) {
    const auto half = static_cast<std::uint16_t>(i);
    std::memcpy(raw.data() + 1 + 2 * i, &half, 2);
  }
  std::vector<float> fast(65536 + 3);
  to_float(DType::f16, raw.data() + 1, fast.size(), fast.data());
  for (std::uint32_t i = 0; i < fast.size(); ++i) {
    const float slow = half_to_float(static_cast<std::uint16_t>(i));
    ASSERT_EQ(0, std::memcmp(&fast[i], &slow, 4)) << i;
  }
}

TEST(Convert, KnownHalves) {
  EXPECT_EQ(half_to_float(0x3c00), 1.0f);
  EXPECT_EQ(half_to_float(0xc000), -2.0f);
  EXPECT_EQ(half_to_float(0x7bff), 65504.0f);
  EXPECT_EQ(half_to_float(0x0001), std::ldexp(1.0f, -24));
  EXPECT_TRUE(std::isinf(half_to_float(0x7c00)));
  EXPECT_TRUE(std::isnan(half_to_float(0x7e01)));
}

TEST(Convert, HalvesSurviveARoundTrip) {
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const float value = half_to_float(static_cast<std::uint16_t>(i));
    if (!std::isnan(value)) {
      ASSERT_EQ(float_to_half(value), i);
    }
  }
  EXPECT_EQ(float_to_half(1.0f + std::ldexp(1.0f, -11)), 0x3c00);  // a tie: to even
  EXPECT_EQ(float_to_half(1.0f + std::ldexp(1.0f, -11) + std::ldexp(1.0f, -20)), 0x3c01);
  EXPECT_EQ(float_to_half(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_half(std::ldexp(1.0f, -26)), 0x0000);
}

TEST(Convert, WidensIntegersWithTheirSign) {
  const std::int16_t small[] = {-5, 300};
  const std::uint8_t bytes[] = {0, 255};
  std::int64_t out[2];
  to_int64(DType::i16, reinterpret_cast<const std::byte*>(small), 2, out);
  EXPECT_EQ(out[0], -5);
  EXPECT_EQ(out[1], 300);
  to_int64(DType::u8, reinterpret_cast<const std::byte*>(bytes), 2, out);
  EXPECT_EQ(out[1], 255);
}

TEST(Crc32, IsThatOfZipForEveryLengthAndCut) {
  EXPECT_EQ(crc32(0, "123456789", 9), 0xcbf43926u);  // the published check value
  std::string text;
  for (int i = 0; i < 700; ++i) text += static_cast<char>(i * 7 + i / 3);
  const auto bitwise = [&](std::size_t size) {
    std::uint32_t crc = ~0u;
    for (std::size_t i = 0; i < size; ++i) {
      crc ^= static_cast<unsigned char>(text[i]);
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
  };
  for (std::size_t size = 0; size <= text.size(); ++size) {
    ASSERT_EQ(crc32(0, text.data(), size), bitwise(size)) << size;
    const std::size_t cut = size / 3;
    ASSERT_EQ(crc32(crc32(0, text.data(), cut), text.data() + cut, size - cut), bitwise(size)) << size;
  }
}

TEST(ContentHash, AgreesWithXxh64) {
  const auto hash = [](const std::string& text) {
    ContentHash h;
    h.update(text.data(), text.size());
    return h.hex();
  };
  EXPECT_EQ(hash(""), "ef46db3751d8e999");  // published values of XXH64 with seed 0
  EXPECT_EQ(hash("a"), "d24ec4f1a98c6e5b");
  EXPECT_EQ(hash("abc"), "44bc2cf5ad770999");
}

TEST(ContentHash, DoesNotDependOnThePieces) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 31);
  ContentHash whole, pieces;
  whole.update(text.data(), text.size());
  for (std::size_t at = 0, n = 1; at < text.size(); at += n, n = n % 67 + 1)
    pieces.update(text.data() + at, std::min(n, text.size() - at));
  EXPECT_EQ(whole.hex(), pieces.hex());
}

}  // namespace
}  // namespace runner::data
