#include "index/build/factory_check.h"

#include <gmock/gmock.h>

#include "index/made_vectors.h"

namespace runner::ann {
namespace {

using testing::HasSubstr;

std::string refusal(const std::string& factory, std::int64_t width = 32, std::int64_t rows = 200) {
  return test::error_of<UsageError>([&] { check_factory(factory, width, rows); });
}

TEST(FactoryCheck, RefusesNumbersThatEndOrFillAProcess) {
  for (const char* factory : {"IVF0,Flat",
                              "IVF-1,Flat",
                              "IVF99999999999,Flat",
                              "IVF99999999999999999999999,Flat",
                              "HNSW0",
                              "HNSW1",
                              "HNSW-4,Flat",
                              "HNSW999999999",
                              "PQ0",
                              "PQ8x0",
                              "PQ8x30",
                              "PQ4x4fs_0",
                              "PQ4x4fs_33",
                              "IVF8,PQ0",
                              "IVF8_HNSW0,Flat",
                              "IVF8(HNSW1),Flat",
                              "IMI2x0,Flat",
                              "IMI2x30,PQ4",
                              "PCA0,Flat",
                              "PCA-3,Flat",
                              "OPQ0,PQ4",
                              "OPQ8_0,PQ8",
                              "RQ0x4",
                              "RQ2x0",
                              "RQ2x40",
                              "RQ999999x4",
                              "LSQ4x0",
                              "PRQ0x2x4",
                              "PRQ2x2x20",
                              "NSG0",
                              "RR999999999,Flat",
                              "Pad99999999,Flat",
                              "IVF8(Index9),Flat",
                              "ITQ0,LSH"})
    EXPECT_THAT(refusal(factory, 32, 20000), HasSubstr(factory)) << factory;
  EXPECT_THAT(refusal(std::string(100000, '1')), HasSubstr("characters"));
}

TEST(FactoryCheck, TellsWhatTooFewRowsCannotFill) {
  EXPECT_THAT(refusal("IVF256,Flat"), HasSubstr("256 lists"));
  EXPECT_THAT(refusal("PCA16,IVF256,PQ4x4"), HasSubstr("there are 200 rows"));
  EXPECT_THAT(refusal("PQ8"), HasSubstr("2^8 centres"));
  EXPECT_THAT(refusal("IVF8,PQ4+4"), HasSubstr("2^8 centres"));
  EXPECT_THAT(refusal("HNSW16_PQ8"), HasSubstr("2^8 centres"));
  EXPECT_THAT(refusal("IMI2x8,Flat"), HasSubstr("2^8 centres"));
  EXPECT_THAT(refusal("RQ2x8"), HasSubstr("2^8 centres"));
  EXPECT_THAT(refusal("OPQ8,Flat"), HasSubstr("256 centres"));
  EXPECT_THAT(refusal("PCA300,Flat", 400), HasSubstr("300 dimensions"));
  EXPECT_THAT(refusal("NSG16", 32, 60), HasSubstr("there are 60 rows"));
}

TEST(FactoryCheck, FollowsTheWidthThroughTheChain) {
  EXPECT_THAT(refusal("PCA64,Flat"), HasSubstr("input has width 32"));
  EXPECT_THAT(refusal("PCA16,PQ32x4"), HasSubstr("the width, 16"));
  EXPECT_THAT(refusal("PQ7x4"), HasSubstr("the width, 32"));
  EXPECT_THAT(refusal("ITQ64,LSH"), HasSubstr("input has width 32"));
  EXPECT_THAT(refusal("OPQ5_16,PQ4x4", 32, 1000), HasSubstr("the 5 parts"));
  EXPECT_THAT(refusal("PRQ5x2x4"), HasSubstr("the width, 32"));
  check_factory("OPQ6_48,IVF8,PQ12x4", 32, 1000);
  check_factory("Pad36,PQ12x4", 32, 1000);
}

TEST(FactoryCheck, LeavesWhatCanBeBuiltAlone) {
  for (const char* factory :
       {"Flat", "IVF200,Flat", "HNSW2", "HNSW32_SQ8", "IVF64_HNSW32,PQ8x4fs", "PQ4x7", "PQ8x4fs_64", "SQ8",
        "LSHrt", "L2norm,Flat", "RR64,Flat", "IVF8,PQ4x4,RFlat", "IVF8,ITQ16,SH-1.0g", "PCAR16,SQ4",
        "IVF8(IVF4,Flat),Flat", "RQ2x4_1x3", "ZnLattice2x3_4", "PRQ2x2x4", "IVF8,RQ2x4fs_Nqint8"})
    check_factory(factory, 32, 200);
}

}  // namespace
}  // namespace runner::ann
