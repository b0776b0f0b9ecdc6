// `runner search` as a user runs it on index files that somebody else made, or that something has damaged.

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "data/formats/numpy/npz.h"
#include "data/formats/values.h"
#include "jobs/index/index_runs.h"

namespace runner::test {
namespace {
using ::testing::HasSubstr;

class ForeignIndex : public IndexRuns {
 protected:
  void build(const std::string& factory, const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> all = {"--set", "index.factory=" + factory};
    all.insert(all.end(), flags.begin(), flags.end());
    const ProgramResult built = index(all);
    ASSERT_EQ(built.exit_code, 0) << factory << built.err;
    std::filesystem::copy_file(std::filesystem::canonical(folder_ / "out/x.index"), folder_ / "copy.index",
                               std::filesystem::copy_options::overwrite_existing);
  }
  ProgramResult search(const std::string& file, std::vector<std::string> flags = {}) const {
    std::vector<std::string> all = {"search", file, "--output", "found.npz"};
    if (std::find(flags.begin(), flags.end(), "--queries") == flags.end())
      flags.insert(flags.end(), {"--queries", "a.npz"});
    all.insert(all.end(), flags.begin(), flags.end());
    return run_runner(all, options_);
  }
  void write_rows(const std::string& name, const std::vector<float>& values) const {
    data::NpzWriter writer(folder_ / name);
    writer.write("vectors", data::DType::f32, {static_cast<std::int64_t>(values.size()) / width, width},
                 values.data());
    writer.finish();
  }
  void expect_refused(const ProgramResult& run, const std::string& named) const {
    EXPECT_EQ(run.exit_code, 3) << run.err;
    EXPECT_THAT(run.err, HasSubstr(named));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "found.npz"));
  }
};

TEST_F(ForeignIndex, AHalfCopiedFileOfEachTypeIsRefusedByName) {
  for (const char* factory : {"Flat", "IVF16,Flat", "HNSW8", "IVF16,PQ8x4", "SQ8"}) {
    build(factory);
    std::filesystem::resize_file(folder_ / "copy.index",
                                 std::filesystem::file_size(folder_ / "copy.index") * 2 / 3);
    expect_refused(search("copy.index"), "copy.index");
  }
}

TEST_F(ForeignIndex, APublishedFileOfAnotherSizeIsRefused) {
  build("IVF16,Flat");
  std::ofstream(std::filesystem::canonical(folder_ / "out/x.index"), std::ios::app) << "more";
  expect_refused(search("out/x.index"), "its manifest says so");
}

TEST_F(ForeignIndex, WhatIsNoFileIsRefusedAtOnce) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe.index").c_str(), 0600), 0);
  for (const char* path : {"pipe.index", "/dev/zero", "."}) {
    const ProgramResult run = search(path);
    EXPECT_TRUE(run.exit_code == 2 || run.exit_code == 3) << path << run.exit_code << run.err;
    EXPECT_THAT(run.err, HasSubstr(path));
  }
}

// IndexLattice, which divides by a number of the file: no structure that is checked here.
TEST_F(ForeignIndex, ACrashOfFaissInAFileOfAnUnknownTypeIsADataError) {
  const std::int32_t numbers[] = {64, 0, 1, 1};
  std::string bytes = "IxLa";
  bytes.append(reinterpret_cast<const char*>(numbers), sizeof numbers);
  folder_.write("odd.index", bytes + std::string(200, '\0'));
  const ProgramResult run = search("odd.index");
  expect_refused(run, "odd.index: the library that reads it crashed");
  EXPECT_THAT(run.err, HasSubstr("on trust"));
}

TEST_F(ForeignIndex, ALengthThatNoFileCanHaveIsNotAllocated) {
  // An older type: FAISS makes room for 2^39 numbers before it reads any.
  std::string bytes = "IvFl";
  const auto put = [&](auto value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof value); };
  const auto header = [&](std::int64_t rows) {
    put(std::int32_t{64});
    put(rows);
    put(std::int64_t{0});
    put(std::int64_t{0});
    put(std::uint8_t{1});
    put(std::int32_t{1});
  };
  header(1);
  put(std::uint64_t{1});
  put(std::uint64_t{1});
  bytes += "IxF2";
  header(1);
  put(std::uint64_t{64});
  bytes.append(256, '\0');
  put(std::uint64_t{1} << 39);
  folder_.write("huge.index", bytes);
  expect_refused(search("huge.index"), "memory");
}

TEST_F(ForeignIndex, MoreNeighboursThanVectorsAreAllOfThem) {
  for (const char* factory : {"Flat", "IVF16,Flat", "NSG16"}) {
    build(factory);
    write_rows("one.npz", std::vector<float>(width, 1.0F));
    const ProgramResult run = search("copy.index", {"--k", "1000000", "--queries", "one.npz"});
    ASSERT_EQ(run.exit_code, 0) << factory << run.err;
    EXPECT_THAT(run.err, HasSubstr("holds 4000 vectors")) << factory;
    const data::Npz found((folder_ / "found.npz").string());
    EXPECT_EQ(found.array("ids").header.shape, (std::vector<std::int64_t>{1, rows})) << factory;
  }
}

TEST_F(ForeignIndex, AResultBeyondTheMemoryIsRefusedBeforeItIsMade) {
  build("Flat");
  const std::filesystem::path many = folder_ / "many.npy";
  const std::int64_t count = 100'000'000;
  std::ofstream(many, std::ios::binary) << data::npy_header(data::DType::f32, {count, width});
  std::error_code error;
  std::filesystem::resize_file(many, std::filesystem::file_size(many) + count * width * 4, error);
  if (error) GTEST_SKIP() << "this file system holds no sparse file of 26 GB";
  const ProgramResult run = search("copy.index", {"--k", "4000", "--queries", "many.npy"});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr("of memory"));
}

TEST_F(ForeignIndex, DistancesTakeRowsOfZeros) {
  std::vector<float> values(static_cast<std::size_t>(300 * width), 0.5F);
  std::fill(values.begin(), values.begin() + width, 0.0F);
  write_rows("zeros.npz", values);
  const std::vector<std::string> l2 = {"--npz",           "zeros.npz", "--set",
                                       "index.metric=l2", "--set",     "input.normalize=false"};
  for (const char* factory : {"Flat", "IVF4,Flat", "HNSW8"}) {
    build(factory, l2);
    EXPECT_EQ(search("copy.index", {"--queries", "zeros.npz"}).exit_code, 0) << factory;
    EXPECT_EQ(search("copy.index", {"--queries", "zeros.npz", "--set", "normalize=true"}).exit_code, 3)
        << factory;
  }
  EXPECT_EQ(index({"--npz", "zeros.npz"}).exit_code, 3);
  EXPECT_EQ(index({"--npz", "zeros.npz", "--set", "index.metric=l2"}).exit_code, 3) << "of length 1";
}

TEST_F(ForeignIndex, ArticlesThatNobodyAsksForAreNotRead) {
  data::NpzWriter writer(folder_ / "odd.npz");
  const std::vector<float> values(static_cast<std::size_t>(300 * width), 0.5F), articles(7, 1.5F);
  writer.write("vectors", data::DType::f32, {300, width}, values.data());
  writer.write("article_indices", articles);
  writer.finish();
  build("Flat", {"--npz", "odd.npz"});
  EXPECT_EQ(search("copy.index", {"--queries", "odd.npz"}).exit_code, 0);
}

TEST_F(ForeignIndex, IdsMayRepeatAndBeNegativeButMustBeInt64) {
  std::vector<std::int64_t> repeated(300), negative(300);
  for (std::int64_t row = 0; row < 300; ++row) {
    repeated[static_cast<std::size_t>(row)] = row / 50;
    negative[static_cast<std::size_t>(row)] = -row;
  }
  const std::vector<std::uint64_t> large(300, std::uint64_t{1} << 63);
  const std::vector<float> broken(300, 0.5F);
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(300 * width));
  for (float& value : values) value = normal(random);
  data::NpzWriter writer(folder_ / "ids.npz");
  writer.write("vectors", data::DType::f32, {300, width}, values.data());
  writer.write("repeated", repeated);
  writer.write("negative", negative);
  writer.write("large", data::DType::u64, {300}, large.data());
  writer.write("broken", broken);
  writer.finish();
  for (const std::string ids : {"repeated", "negative"})
    for (const std::string factory : {"Flat", "HNSW16", "IVF4,Flat"}) {
      std::vector<std::string> flags = {"--npz", "ids.npz", "--set", "input.ids=" + ids};
      if (factory != "Flat") flags.insert(flags.end(), {"--set", "verify.min_recall=0.9"});
      if (factory[0] == 'I') flags.insert(flags.end(), {"--set", "index.nprobe=4"});
      build(factory, flags);
    }
  for (const auto& [ids, said] :
       {std::pair{"large", "9223372036854775808 in row 0"}, std::pair{"broken", "integers"}}) {
    const ProgramResult run = index({"--npz", "ids.npz", "--set", std::string("input.ids=") + ids});
    EXPECT_EQ(run.exit_code, 3) << run.err;
    EXPECT_THAT(run.err, ::testing::AllOf(HasSubstr(std::string("array ") + ids), HasSubstr(said)));
  }
}

TEST_F(ForeignIndex, WhatTheRowsCannotFillIsAMistakeInTheFile) {
  write_rows("few.npz", std::vector<float>(100 * width, 0.5F));
  for (const char* factory : {"IVF256,Flat", "PQ8", "PCA65,Flat", "OPQ8,PQ8x4", "IVF0,Flat", "HNSW0",
                              "IVF99999999999,Flat", "Nonsense"}) {
    const ProgramResult run = index({"--npz", "few.npz", "--set", std::string("index.factory=") + factory});
    EXPECT_EQ(run.exit_code, 2) << factory << run.err;
    EXPECT_THAT(run.err, HasSubstr("index.factory")) << factory;
    EXPECT_THAT(run.err, ::testing::Not(HasSubstr("faiss/"))) << factory;
  }
}

}  // namespace
}  // namespace runner::test
