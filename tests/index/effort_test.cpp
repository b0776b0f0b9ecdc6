#include "index/recall/effort.h"

#include <faiss/IndexIDMap.h>
#include <faiss/index_io.h>
#include <gmock/gmock.h>

#include <memory>
#include <vector>

#include "index/made_vectors.h"
#include "index/publish/verify.h"

namespace runner::ann {
namespace {
using testing::HasSubstr;

// A recall that grows with the effort, and how it was looked for.
struct Looked {
  std::vector<std::int64_t> asked;
  double per_step;
  double operator()(std::int64_t value) {
    asked.push_back(value);
    return per_step * static_cast<double>(value);
  }
};

TEST(FindEffort, DoublesAndThenBisects) {
  Looked look{{}, 0.01};
  const FoundEffort found = find_effort({"nprobe", 1, 1, 64}, 0.11, std::ref(look));
  EXPECT_TRUE(found.reached);
  EXPECT_EQ(found.value, 11);
  EXPECT_NEAR(found.recall, 0.11, 1e-9);
  EXPECT_EQ(look.asked, (std::vector<std::int64_t>{1, 2, 4, 8, 16, 12, 10, 11}));
}

TEST(FindEffort, StopsWithinASixteenthOfALargeNumber) {
  Looked look{{}, 0.0001};
  const FoundEffort found = find_effort({"efSearch", 16, 10, 16384}, 0.5, std::ref(look));
  EXPECT_GE(found.value, 5000);
  EXPECT_LE(found.value, 5400);
  EXPECT_LE(look.asked.size(), 20U);
}

TEST(FindEffort, TellsTheMostWhereNothingReachesIt) {
  Looked look{{}, 0.01};
  const FoundEffort found = find_effort({"nprobe", 1, 1, 50}, 0.9, std::ref(look));
  EXPECT_FALSE(found.reached);
  EXPECT_EQ(found.value, 50);
  EXPECT_NEAR(found.recall, 0.5, 1e-9);
  EXPECT_EQ(find_effort({"nprobe", 1, 1, 50}, 0.01, std::ref(look)).value, 1);
  EXPECT_EQ(find_effort({"efSearch", 16, 10, 50}, 0.01, std::ref(look)).value, 10);
}

struct SearchEffortOf : testing::Test {
  test::TemporaryFolder folder;
  data::Vectors vectors{test::write_npz(folder / "x.npz", test::random_vectors(3000, 32), 32)};
  std::filesystem::path file = folder / "x.index";
  BuildSettings build;

  Verification built(double min_recall) {
    std::filesystem::remove(file);
    build_index(vectors, build, file);
    return verify_index(file, vectors, build, {100, 1.0, min_recall});
  }
  Effort in_file() const {
    const std::unique_ptr<faiss::Index> index(faiss::read_index(file.c_str()));
    return effort_of(*index).value();
  }
};

// Behind ids and a transformation too; in the file, where every reader finds it.
TEST_F(SearchEffortOf, AGoalIsReachedAndKeptInTheFile) {
  build.goal = RecallGoal{100, 0.9};
  for (const auto& [factory, name] : {std::pair{"IVF64,Flat", "nprobe"}, std::pair{"HNSW8", "efSearch"},
                                      std::pair{"RR32,IVF32,Flat", "nprobe"}})
    for (const bool ids : {false, true}) {
      build.factory = factory;
      build.ids = ids ? vectors.integers("chunk_ids") : std::vector<std::int64_t>{};
      const Verification found = built(0.9);
      EXPECT_GE(found.recall.value(), 0.91) << factory;
      EXPECT_STREQ(found.effort.value().name, name);
      EXPECT_EQ(in_file().value, found.effort->value) << factory;
      EXPECT_EQ(found.advice, "") << factory;
      EXPECT_LT(found.effort->value, found.effort->most) << "not simply all";
    }
}

TEST_F(SearchEffortOf, ANumberIsKeptInTheFile) {
  for (const char* factory : {"IVF64,Flat", "HNSW8"}) {
    build.factory = factory;
    build.effort = 37;
    built(0.0);
    EXPECT_EQ(in_file().value, 37) << factory;
  }
}

TEST_F(SearchEffortOf, ATypeWithoutOneIsRefusedAndSaidSoWhenItsRecallIsTooLow) {
  build.factory = "PQ4";
  EXPECT_THAT(test::error_of<GateError>([&] { built(0.99); }), HasSubstr("looks at the same"));
  build.effort = 3;
  EXPECT_THAT(test::error_of<UsageError>([&] { built(0.1); }), HasSubstr("neither lists nor a graph"));
}

TEST_F(SearchEffortOf, CodesThatLoseTooMuchAreToldApart) {
  build.factory = "IVF16,PQ4";
  EXPECT_THAT(test::error_of<GateError>([&] { built(0.99); }),
              testing::AllOf(HasSubstr("even with nprobe 16, all there is"), HasSubstr("take a type")));
}

}  // namespace
}  // namespace runner::ann
