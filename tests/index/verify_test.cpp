#include "index/publish/verify.h"

#include <gmock/gmock.h>

#include <fstream>

#include "index/build/estimate.h"
#include "index/build/flat_writer.h"
#include "index/made_vectors.h"

namespace runner::ann {
namespace {

struct Verify : testing::Test {
  test::TemporaryFolder folder;
  std::vector<float> values = test::random_vectors(3000, 32);
  data::Vectors vectors{test::write_npz(folder / "x.npz", values, 32)};
  std::filesystem::path file = folder / "x.index";
  BuildSettings build;

  void make(const data::Vectors& from) {
    std::filesystem::remove(file);  // a build makes a new file
    build_index(from, build, file);
  }
  Verification built(const VerifySettings& settings = {}) {
    make(vectors);
    return verify_index(file, vectors, build, settings);
  }
};

TEST_F(Verify, FindsEveryRowOfAFlatIndexByItsScore) {
  const Verification found = built();
  EXPECT_TRUE(found.exact);
  EXPECT_TRUE(found.read_by_faiss);
  EXPECT_EQ(found.self_recall, 1.0);
  EXPECT_FALSE(found.recall);
}

TEST_F(Verify, NoticesADamagedVector) {
  make(vectors);
  {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    for (int row = 0; row < 3000; ++row) {
      bytes.seekp(45 + row * 32 * 4 + 2);
      bytes.put('\x11');
    }
  }
  EXPECT_THAT(test::error_of<RunError>([&] { verify_index(file, vectors, build, {}); }),
              testing::HasSubstr("checksum"));
}

TEST_F(Verify, NoticesMissingRowsAndWrongIds) {
  make(data::Vectors(test::write_npz(folder / "y.npz", test::random_vectors(2999, 32), 32)));
  EXPECT_THAT(test::error_of<RunError>([&] { verify_index(file, vectors, build, {}); }),
              testing::HasSubstr("2999 vectors of width 32"));
  build.ids = vectors.integers("chunk_ids");
  make(vectors);
  for (std::int64_t& id : build.ids) ++id;
  EXPECT_THAT(test::error_of<RunError>([&] { verify_index(file, vectors, build, {}); }),
              testing::HasSubstr("has id"));
}

// Every type that FAISS's factory makes, with and without ids, reaches its recall.
TEST_F(Verify, MeasuresTheRecallOfApproximateTypes) {
  for (const char* factory : {"IVF16,Flat", "HNSW16", "PQ8", "IVF8,PQ8x6", "PCA16,IVF8,Flat", "SQ8"})
    for (const Metric metric : {Metric::inner_product, Metric::l2}) {
      build.factory = factory;
      build.metric = metric;
      const bool lists = std::string(factory).find("IVF") != std::string::npos;
      build.nprobe = lists ? std::optional<std::int64_t>(16) : std::nullopt;
      build.ids = metric == Metric::l2 ? vectors.integers("chunk_ids") : std::vector<std::int64_t>{};
      const Verification found = built({50, 1.0, 0.05});
      ASSERT_TRUE(found.recall) << factory;
      EXPECT_GT(*found.recall, std::string(factory) == "IVF16,Flat" ? 0.99 : 0.1) << factory;
    }
}

// Ids are the user's: an article's number for each of its rows, -1, numbers beyond 2^32.
TEST_F(Verify, JudgesRowsWhateverTheirIds) {
  for (const char* factory : {"HNSW16", "IVF16,Flat", "Flat"})
    for (const std::int64_t stretch : {0, 1, 7}) {
      build.factory = factory;
      build.ids.clear();
      for (std::int64_t row = 0; row < 3000; ++row)
        build.ids.push_back(stretch == 1 ? -row : stretch == 0 ? row / 100 : INT64_MIN + row / 2);
      build.nprobe = build.factory == "IVF16,Flat" ? std::optional<std::int64_t>(16) : std::nullopt;
      const Verification found = built();
      EXPECT_GT(found.self_recall, 0.98) << factory;
      EXPECT_GT(found.recall.value_or(1), 0.9) << factory;
    }
}

TEST_F(Verify, RefusesARecallBelowTheGate) {
  build.factory = "IVF64,PQ4";
  EXPECT_THAT(test::error_of<GateError>([&] { built({100, 1.0, 0.99}); }), testing::HasSubstr("min_recall"));
}

TEST_F(Verify, RefusesAFactoryThatFaissDoesNotKnow) {
  build.factory = "Flatt";
  EXPECT_THAT(test::error_of<UsageError>([&] { estimate(vectors, build, folder.path()); }),
              testing::HasSubstr("Flatt"));
  build.factory = "PQ7";  // 32 is no multiple of 7
  EXPECT_THROW(estimate(vectors, build, folder.path()), UsageError);
  build.factory = "HNSW16";
  build.nprobe = 4;
  EXPECT_THROW(estimate(vectors, build, folder.path()), UsageError);
}

TEST_F(Verify, RefusesUpFrontWhatWillNotFit) {
  build.factory = "HNSW16";
  Needs needs = estimate(vectors, build, folder.path());
  EXPECT_GT(needs.memory_bytes, 3000U * 32 * 4);
  refuse_what_will_not_fit(needs, build, folder.path());
  needs.memory_free = 1000000;
  EXPECT_THAT(test::error_of<RunError>([&] { refuse_what_will_not_fit(needs, build, folder.path()); }),
              testing::HasSubstr("of memory"));
  needs.memory_free = needs.memory_bytes;
  needs.disk_free = 1000;
  EXPECT_THAT(test::error_of<RunError>([&] { refuse_what_will_not_fit(needs, build, folder.path()); }),
              testing::HasSubstr("of disk"));
}

}  // namespace
}  // namespace runner::ann
