#include "index/build/flat_writer.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIDMap.h>
#include <faiss/index_io.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <memory>

#include "index/build/flat_format.h"
#include "index/made_vectors.h"

namespace runner::ann {
namespace {

namespace fs = std::filesystem;

// FAISS itself, by add and write_index.
std::string written_by_faiss(const fs::path& path, faiss::Index& index, const std::vector<float>& values) {
  index.add(static_cast<std::int64_t>(values.size()) / index.d, values.data());
  faiss::write_index(&index, path.c_str());
  return test::file_contents(path);
}

TEST(FlatWriter, WritesByteForByteWhatFaissWrites) {
  const test::TemporaryFolder folder;
  const std::vector<float> values = test::random_vectors(500, 24);
  const data::Vectors vectors(test::write_npz(folder / "x.npz", values, 24));
  faiss::IndexFlatIP products(24);
  faiss::IndexFlatL2 distances(24);
  write_flat_index(vectors, {Metric::inner_product, false, {}}, folder / "ip.index");
  EXPECT_EQ(test::file_contents(folder / "ip.index"),
            written_by_faiss(folder / "ip.faiss", products, values));
  write_flat_index(vectors, {Metric::l2, false, {}}, folder / "l2.index");
  EXPECT_EQ(test::file_contents(folder / "l2.index"),
            written_by_faiss(folder / "l2.faiss", distances, values));
}

TEST(FlatWriter, WritesIdsAsIndexIDMap2) {
  const test::TemporaryFolder folder;
  const std::vector<float> values = test::random_vectors(300, 16);
  const data::Vectors vectors(test::write_npz(folder / "x.npz", values, 16));
  const std::vector<std::int64_t> ids = vectors.integers("chunk_ids");
  const BuildTimes times = write_flat_index(vectors, {Metric::inner_product, false, ids}, folder / "x.index");
  faiss::IndexFlatIP inner(16);
  faiss::IndexIDMap2 with_ids(&inner);
  with_ids.add_with_ids(300, values.data(), ids.data());
  faiss::write_index(&with_ids, (folder / "x.faiss").c_str());
  EXPECT_EQ(test::file_contents(folder / "x.index"), test::file_contents(folder / "x.faiss"));
  EXPECT_EQ(times.bytes, fs::file_size(folder / "x.index"));
  EXPECT_EQ(flat_file_bytes(300, 16, true), times.bytes);
}

TEST(FlatWriter, NormalisesDeflatedInputAndSeveralFiles) {
  const test::TemporaryFolder folder;
  const std::vector<float> first = test::random_vectors(3000, 70), second = test::random_vectors(1001, 70, 2);
  const data::Vectors vectors({test::write_npz(folder / "a.npz", first, 70, data::Compression::deflated),
                               test::write_npz(folder / "b.npz", second, 70)});
  write_flat_index(vectors, {Metric::inner_product, true, {}}, folder / "x.index");
  const std::unique_ptr<faiss::Index> index(faiss::read_index((folder / "x.index").c_str()));
  ASSERT_EQ(index->ntotal, 4001);
  std::vector<float> row(70);
  for (const std::int64_t r : {std::int64_t{0}, std::int64_t{2999}, std::int64_t{3000}, std::int64_t{4000}}) {
    const float* original = r < 3000 ? first.data() + r * 70 : second.data() + (r - 3000) * 70;
    double square = 0;
    for (int i = 0; i < 70; ++i) square += static_cast<double>(original[i]) * original[i];
    index->reconstruct(r, row.data());
    for (int i = 0; i < 70; ++i)
      ASSERT_NEAR(row[static_cast<std::size_t>(i)], original[i] / std::sqrt(square), 1e-6) << "row " << r;
  }
}

TEST(FlatWriter, LeavesNothingBehindWhenARowHasNoDirection) {
  const test::TemporaryFolder folder;
  std::vector<float> values = test::random_vectors(5000, 8);
  for (int i = 0; i < 8; ++i) values[4000 * 8 + static_cast<std::size_t>(i)] = 0;
  const data::Vectors vectors(test::write_npz(folder / "x.npz", values, 8));
  const std::string message = test::error_of<DataError>([&] {
    write_flat_index(vectors, {Metric::inner_product, true, {}}, folder / "x.index");
  });
  EXPECT_THAT(message, testing::HasSubstr("row 4000"));
  EXPECT_FALSE(fs::exists(folder / "x.index"));
}

TEST(FlatWriter, LeavesNothingBehindWhenTheFileCannotGrow) {
  const test::TemporaryFolder folder;
  const data::Vectors vectors(test::write_npz(folder / "x.npz", test::random_vectors(4000, 64), 64));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{300000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message;
  try {
    write_flat_index(vectors, {Metric::inner_product, true, {}}, folder / "x.index");
  } catch (const RunError& error) {
    message = error.line();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(message, testing::HasSubstr("cannot write"));
  EXPECT_FALSE(fs::exists(folder / "x.index"));
}

TEST(FlatFormat, RefusesHeadsThatContradictTheFile) {
  const FlatLayout layout = flat_layout(Metric::inner_product, 10, 4, false);
  std::string bytes = flat_head(layout);
  bytes.resize(layout.file_bytes);
  const auto parse = [&](std::uint64_t size) {
    return parse_flat(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size(), size, "x.index");
  };
  EXPECT_EQ(parse(bytes.size())->rows, 10);
  EXPECT_THAT(test::error_of<DataError>([&] { parse(bytes.size() - 1); }),
              testing::HasSubstr("damaged index"));
  bytes[8] = 99;  // ntotal
  EXPECT_THAT(test::error_of<DataError>([&] { parse(bytes.size()); }), testing::HasSubstr("damaged index"));
  bytes[0] = 'Z';
  EXPECT_FALSE(parse(bytes.size()));
}

}  // namespace
}  // namespace runner::ann
