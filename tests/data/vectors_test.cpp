#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/samples/detect.h"
#include "data/samples/vectors.h"
#include "make_files.h"

namespace runner::data {
namespace {
using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Vectors, ReadsRowsInRangesAndInAnyOrder) {
  for (const Compression compression : {Compression::stored, Compression::deflated}) {
    const test::TemporaryFolder folder;
    Vectors vectors(test::write_vectors(folder / "x.npz", 3, {7, 7, 9, 9, 9}, 0, compression));
    vectors.allow_random_access();
    EXPECT_EQ(vectors.rows(), 5);
    EXPECT_EQ(vectors.width(), 3);
    EXPECT_THAT(vectors.articles(), ElementsAre(7, 7, 9, 9, 9));
    EXPECT_THAT(vectors.chunks(), ElementsAre(0, 1, 0, 1, 2));  // none in the file: places in the article
    std::vector<float> rows(6);
    vectors.read_rows(3, 2, rows.data());
    EXPECT_EQ(rows, (std::vector<float>{4, 4.01f, 4.02f, 5, 5.01f, 5.02f}));
    const std::int64_t wanted[] = {4, 0};
    vectors.gather(wanted, 2, rows.data());
    EXPECT_EQ(rows, (std::vector<float>{5, 5.01f, 5.02f, 1, 1.01f, 1.02f}));
  }
}

TEST(Vectors, PutsSeveralFilesOneAfterTheOther) {
  const test::TemporaryFolder folder;
  const Vectors vectors(std::vector<std::string>{test::write_vectors(folder / "a.npz", 2, {1, 1}),
                                                 test::write_vectors(folder / "b.npz", 2, {1, 5, 5})});
  EXPECT_EQ(vectors.rows(), 5);
  EXPECT_THAT(vectors.articles(), ElementsAre(1, 1, 1, 5, 5));
  EXPECT_THAT(vectors.chunks(), ElementsAre(0, 1, 2, 0, 1));
  std::vector<float> rows(6);
  vectors.read_rows(1, 3, rows.data());  // over the seam
  EXPECT_EQ(rows, (std::vector<float>{2, 2.01f, 1, 1.01f, 2, 2.01f}));
}

TEST(Vectors, RefusesFilesThatDoNotFitTogether) {
  const test::TemporaryFolder folder;
  const std::string two = test::write_vectors(folder / "two.npz", 2, {1, 1});
  const std::string three = test::write_vectors(folder / "three.npz", 3, {1, 1});
  const std::string bare = test::write_vectors(folder / "bare.npz", 2, {}, 4);
  EXPECT_THAT(message_of<DataError>([&] {
                Vectors(std::vector{two, three});
              }),
              HasSubstr("three.npz: array vectors: width 3, where"));
  EXPECT_THAT(message_of<DataError>([&] {
                Vectors(std::vector{two, bare});
              }),
              HasSubstr("lacks the array article_indices"));
  EXPECT_THAT(message_of<DataError>([&] {
                Vectors(std::vector{bare, two});
              }),
              HasSubstr("it has an array article_indices"));
}

TEST(Vectors, TakesEveryName) {
  for (const char* name : {"vectors", "fused", "embeddings", "concept_vecs", "X"}) {
    const test::TemporaryFolder folder;
    NpzWriter writer(folder / "x.npz");
    writer.write(name, DType::f32, {2, 2}, test::numbered_rows(2, 2).data());
    writer.write("article_ids", std::vector<std::int64_t>{4, 4});
    writer.write("seq_idx", std::vector<std::int64_t>{8, 9});
    writer.finish();
    const Vectors vectors((folder / "x.npz").string());
    EXPECT_EQ(vectors.rows(), 2) << name;
    EXPECT_THAT(vectors.articles(), ElementsAre(4, 4));
    EXPECT_THAT(vectors.chunks(), ElementsAre(8, 9));
    EXPECT_EQ(detect((folder / "x.npz").string()), FileKind::vectors);
  }
}

TEST(Vectors, NamesTheRowOfABadValue) {
  const auto refusal = [](float value, int at) {
    const test::TemporaryFolder folder;
    std::vector<float> rows = test::numbered_rows(4, 2);
    rows[static_cast<std::size_t>(at)] = value;
    if (value == 0) rows[static_cast<std::size_t>(at) ^ 1] = 0;
    NpzWriter writer(folder / "x.npz");
    writer.write("vectors", DType::f32, {4, 2}, rows.data());
    writer.finish();
    return message_of<DataError>([&] { Vectors((folder / "x.npz").string()).check_values(); });
  };
  EXPECT_THAT(refusal(NAN, 5), HasSubstr("x.npz: array vectors, row 2: NaN in column 1"));
  EXPECT_THAT(refusal(-INFINITY, 6), HasSubstr("array vectors, row 3: Inf in column 0"));
  EXPECT_THAT(refusal(0, 0), HasSubstr("array vectors, row 0: a row of zeros"));
}

TEST(Vectors, MeasuresNorms) {
  const test::TemporaryFolder folder;
  const float rows[] = {3, 4, 1e-25f, 0, 3e30f, 4e30f};  // squares beyond float's range are no Inf, no zero
  NpzWriter writer(folder / "x.npz");
  writer.write("vectors", DType::f32, {3, 2}, rows);
  writer.finish();
  const ValueCheck check = Vectors((folder / "x.npz").string()).check_values();
  EXPECT_NEAR(check.min_norm, 1e-25, 1e-31);
  EXPECT_NEAR(check.max_norm, 5e30, 1e25);
}

TEST(Vectors, RefusesArticlesOfAnotherLength) {
  const test::TemporaryFolder folder;
  NpzWriter writer(folder / "x.npz");
  writer.write("vectors", DType::f32, {2, 2}, test::numbered_rows(2, 2).data());
  writer.write("article_indices", std::vector<std::int64_t>{1, 2, 3});
  writer.finish();
  EXPECT_THAT(message_of<DataError>([&] { Vectors((folder / "x.npz").string()); }),
              HasSubstr("array article_indices: 3 values where 2 rows are"));
}

TEST(Vectors, DetectNamesWhatItLookedFor) {
  const test::TemporaryFolder folder;
  NpzWriter writer(folder / "x.npz");
  writer.write("other", std::vector<std::int64_t>{1});
  writer.finish();
  EXPECT_THAT(message_of<DataError>([&] { detect((folder / "x.npz").string()); }),
              HasSubstr("the file has other"));
  EXPECT_EQ(detect(test::fixtures + "/sequences/classic.npz"), FileKind::sequences);
  EXPECT_EQ(detect(test::fixtures + "/sequences/input.npz"), FileKind::vectors);
}

TEST(Vectors, ReadsTypesAndOrdersThatNumPyWrites) {
  if (!test::have_numpy()) GTEST_SKIP() << "no python3 with NumPy";
  const test::TemporaryFolder folder;
  ASSERT_EQ(test::run_numpy(folder.path(),
                            "a = (np.arange(12).reshape(4, 3) + 1) / 4\n"
                            "for t in ('f2', 'f4', 'f8'):\n"
                            "  for o in 'CF':\n"
                            "    x = np.array(a, dtype=t, order=o)\n"
                            "    np.save(f'{t}{o}.npy', x); np.savez(f'{t}{o}.npz', vectors=x)\n"
                            "    np.savez_compressed(f'{t}{o}z.npz', vectors=x)"),
            "");
  for (const std::string type : {"f2", "f4", "f8"})
    for (const std::string form : {"C.npy", "F.npy", "C.npz", "F.npz", "Cz.npz", "Fz.npz"}) {
      const Vectors vectors((folder / (type + form)).string());
      std::vector<float> rows(6);
      vectors.read_rows(1, 2, rows.data());
      EXPECT_EQ(rows, (std::vector<float>{1, 1.25f, 1.5f, 1.75f, 2, 2.25f})) << type << form;
    }
}

// Searching and indexing need no articles: what they are must not matter then.
TEST(Vectors, LeavesArticlesAloneThatNobodyAskedFor) {
  const test::TemporaryFolder folder;
  NpzWriter writer(folder / "x.npz");
  writer.write("vectors", DType::f32, {3, 2}, test::numbered_rows(3, 2).data());
  writer.write("article_indices", DType::f32, {2}, test::numbered_rows(1, 2).data());
  writer.write("chunk_indices", std::vector<std::int64_t>{1, 2, 3, 4, 5});
  writer.finish();
  const std::string path = (folder / "x.npz").string();
  EXPECT_THAT(message_of<DataError>([&] { Vectors{path}; }), HasSubstr("article_indices"));
  const Vectors vectors(path, Columns::none);
  EXPECT_EQ(vectors.rows(), 3);
  EXPECT_FALSE(vectors.has_articles());
  EXPECT_TRUE(vectors.chunks().empty());
}

TEST(Vectors, SaysWhichFloat64DoesNotFitFloat32) {
  const test::TemporaryFolder folder;
  const double values[] = {1, 2, 3, 4, 5, 1e300};
  const double turned[] = {1, 3, 5, 2, 4, 1e300};
  for (const Compression compression : {Compression::stored, Compression::deflated}) {
    NpzWriter writer(folder / "x.npz", compression);
    writer.write("vectors", DType::f64, {3, 2}, values);
    writer.finish();
    const Vectors vectors((folder / "x.npz").string());
    EXPECT_THAT(message_of<DataError>([&] { vectors.check_values(); }),
                HasSubstr("array vectors, row 2: 1e+300 in column 1 does not fit float32"));
  }
  std::string fortran = npy_header(DType::f64, {3, 2});
  fortran.replace(fortran.find("False"), 5, "True ");
  folder.write("f.npy", fortran + std::string(reinterpret_cast<const char*>(turned), sizeof turned));
  EXPECT_THAT(message_of<DataError>([&] { Vectors((folder / "f.npy").string()).check_values(); }),
              HasSubstr("row 2: 1e+300 in column 1"));
}

}  // namespace
}  // namespace runner::data
