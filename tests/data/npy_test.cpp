#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/formats/numpy/npy.h"
#include "make_files.h"

namespace runner::data {
namespace {
using ::testing::HasSubstr;

// A version 1 header around this dict, without data.
std::string header_of(std::string dict) {
  dict += "\n";
  std::string text("\x93NUMPY\x01\x00", 8);
  text.push_back(static_cast<char>(dict.size() & 0xff));
  text.push_back(static_cast<char>(dict.size() >> 8));
  return text + dict;
}

NpyHeader parse(const std::string& dict, std::uint64_t data_bytes) {
  const std::string text = header_of(dict);
  return parse_npy_header(text, text.size() + data_bytes, "x.npy");
}

std::string npy_refusal(const std::string& dict, std::uint64_t data_bytes) {
  return test::message_of<DataError>([&] { parse(dict, data_bytes); });
}

TEST(NpyHeader, ReadsWhatItWrites) {
  const std::string text = npy_header(DType::f16, {49308, 768});
  EXPECT_EQ(text.size() % 64, 0u);
  const NpyHeader header = parse_npy_header(text, text.size() + 49308ull * 768 * 2, "x");
  EXPECT_EQ(header.dtype, DType::f16);
  EXPECT_EQ(header.shape, (std::vector<std::int64_t>{49308, 768}));
  EXPECT_FALSE(header.fortran_order);
  EXPECT_EQ(header.data_offset, text.size());
}

TEST(NpyHeader, ReadsEveryTypeInAnyOrderOfKeys) {
  for (const auto& [descr, type] : {std::pair{"<f8", DType::f64},
                                    {"=f4", DType::f32},
                                    {"|i1", DType::i8},
                                    {"<u8", DType::u64},
                                    {"|b1", DType::boolean},
                                    {">u1", DType::u8}}) {
    const NpyHeader header = parse(
        std::string("{'shape': (3,), 'fortran_order': True, 'descr': '") + descr + "'}", 3 * item_size(type));
    EXPECT_EQ(header.dtype, type) << descr;
    EXPECT_TRUE(header.fortran_order);
  }
  EXPECT_EQ(parse("{'descr': '|O', 'fortran_order': False, 'shape': (84L,), }", 777).dtype, DType::object);
  EXPECT_EQ(parse("{'descr': '<U23', 'fortran_order': False, 'shape': (), }", 92).dtype, DType::other);
  EXPECT_EQ(parse("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4).descr,
            "[('a', '<f4')]");
}

// Whatever numpy.dtype() takes for a type that is read.
TEST(NpyHeader, ReadsTypesByAnyNameThatNumPyKnows) {
  for (const auto& [descr, type] : {std::pair{"float32", DType::f32},
                                    {"f4", DType::f32},
                                    {"f", DType::f32},
                                    {"<f", DType::f32},
                                    {"single", DType::f32},
                                    {"float16", DType::f16},
                                    {"half", DType::f16},
                                    {"e", DType::f16},
                                    {"float", DType::f64},
                                    {"double", DType::f64},
                                    {"=f8", DType::f64},
                                    {"|f4", DType::f32},
                                    {"int64", DType::i64},
                                    {"i8", DType::i64},
                                    {"q", DType::i64},
                                    {"uint8", DType::u8},
                                    {"B", DType::u8},
                                    {"bool", DType::boolean},
                                    {"?", DType::boolean}})
    EXPECT_EQ(parse(std::string("{'descr': '") + descr + "', 'fortran_order': False, 'shape': (2,), }",
                    2 * item_size(type))
                  .dtype,
              type)
        << descr;
  for (const char* descr : {"float31", "f5", "x", "<c8", "|V2", "<f16"})
    EXPECT_EQ(
        parse(std::string("{'descr': '") + descr + "', 'fortran_order': False, 'shape': (2,), }", 8).dtype,
        DType::other)
        << descr;
}

TEST(NpyHeader, ReadsVersions2And3) {
  const std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";
  for (const char version : {'\2', '\3'}) {
    std::string text("\x93NUMPY", 6);
    text += version;
    text += std::string("\0", 1);
    text.push_back(static_cast<char>(dict.size()));
    text += std::string("\0\0\0", 3) + dict;
    EXPECT_EQ(parse_npy_header(text, text.size() + 8, "x").count, 2u);
  }
}

TEST(NpyHeader, RefusesShapesThatLie) {
  EXPECT_THAT(
      npy_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (1000, 768), }", 4000),
      HasSubstr(
          "x.npy: the header says float32 of shape [1000, 768], 3072000 bytes, and only 4000 follow it"));
  EXPECT_THAT(npy_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 24 + 37),
              HasSubstr("float32 of shape [2, 3], 24 bytes, and 37 trailing bytes follow them"));
  EXPECT_THAT(npy_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 0),
              HasSubstr("beyond 64 bits"));
  EXPECT_THAT(npy_refusal("{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693952,), }", 0),
              HasSubstr("damaged"));
  EXPECT_THAT(npy_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 0),
              HasSubstr("beyond 64 bits"));
  EXPECT_THAT(npy_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4),
              HasSubstr("no whole number"));
}

TEST(NpyHeader, NamesBigEndianTypesItRefuses) {
  EXPECT_THAT(npy_refusal("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4),
              HasSubstr("big-endian elements ('>f4')"));
}

TEST(NpyHeader, RefusesDamagedText) {
  for (const char* dict : {"", "{", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}",
                           "{'descr': '<f4, 'fortran_order': False, 'shape': (1,)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (1,", "{'x': '<f4'}"})
    EXPECT_THAT(npy_refusal(dict, 4), HasSubstr("damaged .npy header")) << dict;
}

}  // namespace
}  // namespace runner::data
