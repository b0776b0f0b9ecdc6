#include "index/shards/shard.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "data/content_hash.h"
#include "index/build/build.h"
#include "index/made_vectors.h"
#include "index/shards/index_pieces.h"
#include "index/shards/merge.h"
#include "index/shards/shard_folder.h"

namespace runner::ann {
namespace {
using ::testing::HasSubstr;

std::string shards_refusal(const std::string& text) {
  return test::error_of<UsageError>([&] { parse_shard(text); });
}

TEST(Shard, CountsFromNought) {
  EXPECT_EQ(parse_shard("0/4"), (Shard{0, 4}));
  EXPECT_EQ(parse_shard("3/4"), (Shard{3, 4}));
  EXPECT_THAT(shards_refusal("4/4"), HasSubstr("0/4 … 3/4"));
  EXPECT_THAT(shards_refusal("-1/4"), HasSubstr("no part -1 of 4"));
  for (const char* text : {"", "4", "/4", "1/", "1/4/2", "a/b", "1 /4", "99999999999999999999/3"})
    EXPECT_THAT(shards_refusal(text), HasSubstr("expected I/N")) << text;
  EXPECT_THAT(shards_refusal("0/0"), HasSubstr("0 parts"));
}

// The variables of a Slurm array, as long as this lives.
struct SlurmArray {
  SlurmArray(const std::vector<std::pair<std::string, std::string>>& variables) {
    for (const auto& [name, value] : variables)
      ::setenv(("SLURM_ARRAY_TASK_" + name).c_str(), value.c_str(), 1);
  }
  ~SlurmArray() {
    for (const char* name : {"ID", "COUNT", "MIN", "MAX", "STEP"})
      ::unsetenv((std::string("SLURM_ARRAY_TASK_") + name).c_str());
  }
};

TEST(Shard, KnowsItsPlaceInASlurmArrayWhateverItsFirstNumber) {
  EXPECT_THAT(shards_refusal("auto"), HasSubstr("SLURM_ARRAY_TASK_ID is not set"));
  {
    const SlurmArray array({{"ID", "3"}, {"COUNT", "8"}, {"MIN", "0"}, {"MAX", "7"}, {"STEP", "1"}});
    EXPECT_EQ(parse_shard("auto"), (Shard{3, 8}));
  }
  {
    const SlurmArray array({{"ID", "8"}, {"COUNT", "8"}, {"MIN", "1"}, {"MAX", "8"}, {"STEP", "1"}});
    EXPECT_EQ(parse_shard("auto"), (Shard{7, 8}));
  }
  {
    const SlurmArray array({{"ID", "16"}, {"COUNT", "4"}, {"MIN", "10"}, {"MAX", "19"}, {"STEP", "3"}});
    EXPECT_EQ(parse_shard("auto"), (Shard{2, 4}));
  }
  const SlurmArray holes({{"ID", "7"}, {"COUNT", "3"}, {"MIN", "1"}, {"MAX", "7"}, {"STEP", "1"}});
  EXPECT_THAT(shards_refusal("auto"), HasSubstr("do not follow each other"));
}

TEST(Shard, RowsFollowEachOtherAndDifferByOne) {
  for (const std::int64_t rows : {8, 9, 4098, 1000003})
    for (const std::int64_t count : {1, 2, 3, 7, 8}) {
      std::int64_t next = 0;
      for (std::int64_t i = 0; i < count; ++i) {
        const ShardRows part = rows_of({i, count}, rows);
        EXPECT_EQ(part.first, next);
        EXPECT_GE(part.count, rows / count);
        EXPECT_LE(part.count, rows / count + 1);
        next += part.count;
      }
      EXPECT_EQ(next, rows);
    }
  EXPECT_THAT(test::error_of<UsageError>([] { rows_of({0, 5}, 4); }), HasSubstr("at most 4"));
  const std::int64_t many = std::int64_t{1} << 55;
  EXPECT_EQ(rows_of({99999, 100000}, many).first + rows_of({99999, 100000}, many).count, many);
}

TEST(MergedNeighbours, ComeNearestFirstAndOfEqualScoresTheEarlierPartsFirst) {
  Neighbours best{1, 3, {0.9F, 0.5F, -3e38F}, {4, 2, -1}};
  merge_neighbours(Metric::inner_product, best, {1, 3, {0.9F, 0.7F, 0.1F}, {11, 10, 12}});
  EXPECT_EQ(best.ids, (std::vector<std::int64_t>{4, 11, 10}));
  EXPECT_EQ(best.scores, (std::vector<float>{0.9F, 0.9F, 0.7F}));
  Neighbours near{1, 2, {1, 3e38F}, {0, -1}};
  merge_neighbours(Metric::l2, near, {1, 2, {0.5F, 3e38F}, {7, -1}});
  EXPECT_EQ(near.ids, (std::vector<std::int64_t>{7, 0}));
  Neighbours none{1, 2, {3e38F, 3e38F}, {-1, -1}};
  merge_neighbours(Metric::l2, none, {1, 2, {3e38F, 3e38F}, {5, -1}});
  EXPECT_EQ(none.ids, (std::vector<std::int64_t>{5, -1})) << "infinitely far is found, nothing is not";
}

struct Shards : testing::Test {
  static constexpr std::int64_t rows = 3001, width = 32;
  test::TemporaryFolder folder;
  std::vector<float> values = test::random_vectors(rows, width);
  std::string npz = test::write_npz(folder / "x.npz", values, width);
  data::Vectors vectors{npz};
  BuildSettings build;
  ShardFolder shards{folder / "x.index.shards"};

  std::string whole() {
    std::filesystem::remove(folder / "whole.index");
    build_index(vectors, build, folder / "whole.index");
    return test::file_contents(folder / "whole.index");
  }
  void build_part(const Shard& shard, BuildSettings settings) {
    const auto [first, count] = rows_of(shard, rows);
    data::Vectors mine = vectors;
    mine.keep_rows(first, count);
    if (!settings.ids.empty())
      settings.ids = {settings.ids.begin() + first, settings.ids.begin() + first + count};
    std::filesystem::create_directories(shards.path());
    const std::filesystem::path built = shards.file(shard).string() + ".tmp";
    std::filesystem::remove(built);
    const BuildTimes times = build_index(mine, settings, built);
    ShardManifest manifest{shard, first, count, rows, width, times.bytes, data::hash_file(built), "", {}, {}};
    manifest.settings = {{"factory", settings.factory}};
    manifest.inputs = {{npz, 1, "1"}};
    publish_shard(built, shards.file(shard), manifest.to_json());
  }
  // Builds all parts of `count` and merges them; returns the bytes.
  std::string merged(std::int64_t count) {
    std::filesystem::remove_all(shards.path());
    BuildSettings settings = build;
    if (is_trained_once(build, width)) {
      std::filesystem::create_directories(shards.path());
      train_index(vectors, build, shards.trained());
      settings.trained = shards.trained();
    }
    for (std::int64_t i = count; i-- > 0;) build_part({i, count}, settings);
    std::filesystem::remove(folder / "merged.index");
    merge_shards(shards.all(), settings, folder / "merged.index");
    return test::file_contents(folder / "merged.index");
  }
  Neighbours found_in(const std::filesystem::path& path, std::int64_t n,
                      const std::optional<Shard>& part = std::nullopt) {
    return IndexPieces(path, part).search(values.data(), n, 7);
  }
};

TEST_F(Shards, OfAFlatIndexMergeToTheBytesOfTheOneBuiltInOneGo) {
  for (const Metric metric : {Metric::inner_product, Metric::l2})
    for (const bool ids : {false, true})
      for (const std::int64_t count : {1, 4, 7}) {
        build.metric = metric;
        build.ids = ids ? vectors.integers("chunk_ids") : std::vector<std::int64_t>{};
        EXPECT_EQ(merged(count), whole()) << to_word(metric) << ids << count;
      }
}

TEST_F(Shards, OfTrainedTypesMergeToWhatOneBuildHolds) {
  for (const char* factory : {"IVF16,Flat", "IVF8,PQ8x6", "PCA16,IVF8,Flat", "PQ8", "SQ8", "SQfp16"})
    for (const bool ids : {false, true}) {
      build.factory = factory;
      build.nprobe =
          build.factory.find("IVF") == std::string::npos ? std::nullopt : std::optional<std::int64_t>(4);
      build.ids = ids ? vectors.integers("chunk_ids") : std::vector<std::int64_t>{};
      refuse_unmergeable(build, width);
      merged(3);
      whole();
      const Neighbours one = found_in(folder / "whole.index", 50),
                       of_parts = found_in(folder / "merged.index", 50);
      ASSERT_EQ(one.scores.size(), of_parts.scores.size());
      for (std::size_t i = 0; i < one.scores.size();
           ++i)  // BLAS rounds a rotation by the rows it gets at a time
        EXPECT_NEAR(one.scores[i], of_parts.scores[i], 1e-5F * std::max(1.0F, std::abs(one.scores[i])))
            << factory << ids;
      if (build.factory.find("PCA") == std::string::npos) {
        EXPECT_EQ(one.ids, of_parts.ids) << factory << ids;
      }
    }
}

TEST_F(Shards, AreSearchedAsOneIndex) {
  for (const bool ids : {false, true})
    for (const std::int64_t n : {3, 100}) {  // few and many queries go different ways
      build.ids = ids ? vectors.integers("chunk_ids") : std::vector<std::int64_t>{};
      merged(4);
      const Neighbours one = found_in(folder / "merged.index", n), parts = found_in(shards.path(), n);
      EXPECT_EQ(one.ids, parts.ids) << ids << n;
      EXPECT_EQ(one.scores, parts.scores) << ids << n;
      // By rows of the one file, and by parts of the folder.
      for (const auto& path : {folder / "merged.index", shards.path()}) {
        Neighbours best = found_in(path, n, Shard{0, 3});
        for (std::int64_t i = 1; i < 3; ++i)
          merge_neighbours(Metric::inner_product, best, found_in(path, n, Shard{i, 3}));
        EXPECT_EQ(one.ids, best.ids) << ids << n << path;
        EXPECT_EQ(one.scores, best.scores) << ids << n << path;
      }
    }
}

TEST_F(Shards, OfGraphsAreRefusedBeforeAnythingIsBuilt) {
  for (const char* factory : {"HNSW16", "NSG16", "PCA16,HNSW8"}) {
    build.factory = factory;
    EXPECT_THAT(test::error_of<UsageError>([&] { refuse_unmergeable(build, width); }), HasSubstr("graph"));
  }
  for (const char* factory : {"IVF8,Flat,RFlat", "IVF8,PQ4x4fs", "PQ4x4fs"}) {
    build.factory = factory;
    EXPECT_THAT(test::error_of<UsageError>([&] { refuse_unmergeable(build, width); }), HasSubstr("no merge"));
  }
}

TEST_F(Shards, ThatAreMissingTornOrOfAnotherIndexAreNamed) {
  const auto refused = [&] {
    return test::error_of<DataError>([&] {
      const auto parts = shards.all();
      expect_one_index(parts, nullptr, {});
      merge_shards(parts, build, folder / "merged.index");
    });
  };
  EXPECT_THAT(refused(), HasSubstr("no parts"));
  merged(4);
  std::filesystem::remove(folder / "merged.index");
  const std::filesystem::path file = shards.file({2, 4});
  const std::string bytes = test::file_contents(file);
  std::string changed = bytes;
  changed[changed.size() / 2] ^= 1;
  folder.write("x.index.shards/0002-of-0004.index", changed);
  EXPECT_THAT(refused(), HasSubstr("part 2/4 is torn"));
  EXPECT_FALSE(std::filesystem::exists(folder / "merged.index"));
  folder.write("x.index.shards/0002-of-0004.index", bytes.substr(0, 1000));
  EXPECT_THAT(refused(), HasSubstr("part 2/4 is torn: 1000 bytes"));
  std::filesystem::remove(file.string() + ".manifest.json");
  EXPECT_THAT(refused(), HasSubstr("1 of 4 parts (2/4)"));
  BuildSettings other = build;
  other.factory = "IDMap,Flat";
  build_part({2, 4}, other);
  EXPECT_THAT(refused(), HasSubstr("part 2/4 was built with factory"));
  build_part({2, 4}, build);
  merge_shards(shards.all(), build, folder / "merged.index");
  build_part({0, 5}, build);
  EXPECT_THAT(refused(), HasSubstr("parts of 4 and of 5"));
  EXPECT_THAT(test::error_of<UsageError>([&] { shards.expect_division(4); }), HasSubstr("division by 5"));
}

TEST_F(Shards, ReadTheirOwnRowsOfSeveralFiles) {
  const std::vector<std::string> files = {
      npz, test::write_npz(folder / "y.npz", test::random_vectors(500, width, 2), width,
                           data::Compression::deflated)};
  const data::Vectors all(files);
  data::Vectors part(files);
  part.keep_rows(2990, 300);
  part.allow_random_access();
  EXPECT_EQ(part.kept_files(), (std::pair<std::size_t, std::size_t>{0, 1}));
  std::vector<float> expected(300 * width), read(300 * width), picked(2 * width);
  all.read_rows(2990, 300, expected.data());
  part.read_rows(0, 300, read.data());
  EXPECT_EQ(read, expected);
  const std::int64_t rows_of_both[] = {5, 200};
  part.gather(rows_of_both, 2, picked.data());
  EXPECT_EQ(std::vector<float>(picked.begin() + width, picked.end()),
            std::vector<float>(expected.begin() + 200 * width, expected.begin() + 201 * width));
  const auto ids = all.integers("chunk_ids");
  EXPECT_EQ(part.integers("chunk_ids"), std::vector<std::int64_t>(ids.begin() + 2990, ids.begin() + 3290));
  part.keep_rows(100, 50);
  EXPECT_EQ(part.first_row(), 3090);
  EXPECT_EQ(part.kept_files(), (std::pair<std::size_t, std::size_t>{1, 1}));
}

}  // namespace
}  // namespace runner::ann
