// Damaged index files of every type that FAISS's factory makes: whatever is cut off or changed, opening
// refuses the file, or the search ends with rows that there are.

#include <faiss/IndexFlat.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/index_factory.h>
#include <faiss/index_io.h>
#include <faiss/invlists/OnDiskInvertedLists.h>
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <set>

#include "base/log.h"
#include "index/made_vectors.h"
#include "index/reading/search.h"
#include "support/test_name.h"

namespace runner::ann {
namespace {

constexpr std::int64_t rows = 500, width = 16, queries = 7, k = 5;
constexpr std::int64_t first_id = 1000;

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// An index as faiss::write_index writes it. "ids:" before the factory string: with ids from 1000 on.
void make(std::string factory, const std::vector<float>& values, const std::filesystem::path& path) {
  const bool ids = factory.starts_with("ids:");
  if (ids) factory.erase(0, 4);
  const bool only_l2 = factory.find("IMI") != std::string::npos || factory.find("LSH") != std::string::npos ||
                       factory.find("rq2x4") != std::string::npos || factory.find("+") != std::string::npos;
  const bool l2 = only_l2 || factory.size() % 2 == 0;
  std::unique_ptr<faiss::Index> index(
      faiss::index_factory(width, factory.c_str(), l2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT));
  index->train(rows, values.data());
  std::unique_ptr<faiss::IndexIDMap2> map;
  if (ids) {
    map = std::make_unique<faiss::IndexIDMap2>(index.get());
    std::vector<std::int64_t> numbers;
    for (std::int64_t row = 0; row < rows; ++row) numbers.push_back(first_id + row);
    map->add_with_ids(rows, values.data(), numbers.data());
  } else {
    index->add(rows, values.data());
  }
  faiss::write_index(map ? map.get() : index.get(), path.c_str());
}

class Damage : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    make(GetParam(), values_, path_);
    whole_ = bytes_of(path_);
  }
  Neighbours search() const { return open_index(path_).search(values_.data(), queries, k); }
  // Opens and searches: true when it was refused.
  bool refused() const {
    try {
      const Neighbours found = search();
      EXPECT_EQ(found.ids.size(), static_cast<std::size_t>(queries * k));
      return false;
    } catch (const DataError& error) {
      EXPECT_THAT(error.line(), testing::HasSubstr(path_.string()));
      return true;
    }
  }
  test::TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "x.index";
  std::vector<float> values_ = test::random_vectors(rows, width);
  std::string whole_;
};

TEST_P(Damage, AWholeFileFindsWhatFaissFinds) {
  const std::unique_ptr<faiss::Index> theirs(faiss::read_index(path_.c_str()));
  std::vector<float> scores(queries * k);
  std::vector<std::int64_t> ids(queries * k);
  theirs->search(queries, values_.data(), k, scores.data(), ids.data());
  const Neighbours found = search();
  for (std::size_t i = 0; i < scores.size(); ++i)
    EXPECT_NEAR(found.scores[i], scores[i], 1e-3F * std::max(1.0F, std::abs(scores[i]))) << i;
}

TEST_P(Damage, EveryShorterOrLongerFileIsRefused) {
  std::set<std::size_t> lengths;
  for (std::size_t n = 0; n < 30; ++n) lengths.insert(n * 10), lengths.insert(whole_.size() - 1 - n * 19);
  for (std::size_t n = 1; n < 20; ++n) lengths.insert(whole_.size() * n / 20);
  for (const std::size_t length : lengths)
    if (length < whole_.size()) {
      write(path_, whole_.substr(0, length));
      EXPECT_TRUE(refused()) << length << " of " << whole_.size() << " bytes";
    }
  write(path_, whole_ + std::string(8, '\0'));
  EXPECT_TRUE(refused()) << "8 bytes more";
}

TEST_P(Damage, ChangedBytesNeverEndTheProcess) {
  std::mt19937 random(7);
  std::vector<std::size_t> places;
  for (std::size_t at = 0; at < std::min<std::size_t>(whole_.size(), 220); ++at) places.push_back(at);
  for (int i = 0; i < 100; ++i) places.push_back(random() % whole_.size());
  for (std::size_t at = 1; at < std::min<std::size_t>(whole_.size(), 60); ++at)
    places.push_back(whole_.size() - at);
  int refusals = 0;
  for (const std::size_t at : places) {
    constexpr unsigned char masks[] = {0x01, 0x80, 0xff, 0x10};
    std::string changed = whole_;
    changed[at] = static_cast<char>(changed[at] ^ masks[random() % 4]);
    write(path_, changed);
    SCOPED_TRACE(fmt::format("byte {} of {}", at, whole_.size()));
    refusals += refused() ? 1 : 0;
  }
  EXPECT_GT(refusals, 20);
}

INSTANTIATE_TEST_SUITE_P(
    Types, Damage,
    testing::Values("Flat", "ids:Flat", "IVF8,Flat", "ids:IVF8,Flat", "IVF8,SQ8", "ids:IVF8,SQ4",
                    "IVF8,PQ4np", "IVF8,PQ8x4np", "IVF8,PQ8x4fs", "ids:IVF8,PQ8x4fsr", "IVF8,PQ4+4",
                    "IVF8,RQ2x4", "IVF8,LSQ2x4", "IVF8,PRQ2x2x4", "IVF8,PLSQ2x2x4", "IVF8,RQ2x4fs_Nrq2x4",
                    "IVF8,FlatDedup", "IVF8_HNSW8,Flat", "IMI2x3,Flat", "HNSW8", "ids:HNSW8", "HNSW8_SQ8",
                    "HNSW8_PQ4np", "NSG8", "PQ4np", "PQ8x4np", "PQ8x4fs", "RQ2x4", "LSQ2x4", "PRQ2x2x4",
                    "PLSQ2x2x4", "RQ4x4fs", "SQ8", "SQ4", "SQ6", "SQfp16", "LSH", "LSHt", "LSHr", "PCA8,Flat",
                    "PCAR8,IVF8,Flat", "OPQ4,PQ4np", "RR8,SQ8", "L2norm,Flat", "ITQ8,LSH", "Pad20,Flat",
                    "IVF8,Flat,RFlat", "PQ4np,RFlat", "ids:PQ4np,Refine(SQ8)"),
    [](const auto& info) { return test::test_name(info.param); });

struct OnDisk : testing::Test {
  void SetUp() override {
    faiss::IndexFlatL2 centres(width);
    faiss::IndexIVFFlat index(&centres, width, 8);
    index.train(rows, values.data());
    faiss::OnDiskInvertedLists lists(8, index.code_size, file.c_str());
    index.replace_invlists(&lists);
    index.add(rows, values.data());
    faiss::write_index(&index, path.c_str());
  }
  std::string error() const {
    return test::error_of<DataError>([&] { open_index(path).search(values.data(), queries, k); });
  }
  test::TemporaryFolder folder;
  std::filesystem::path path = folder / "x.index", file = folder / "x.lists";
  std::vector<float> values = test::random_vectors(rows, width);
};

TEST_F(OnDisk, ListsInAFileOfTheirOwnAreSearched) {
  const Neighbours found = open_index(path).search(values.data(), queries, k);
  for (std::int64_t q = 0; q < queries; ++q) EXPECT_EQ(found.ids[static_cast<std::size_t>(q * k)], q);
}

TEST_F(OnDisk, ListsThatAreGoneOrCutShortAreNamed) {
  std::filesystem::resize_file(file, 100);
  EXPECT_THAT(error(), testing::AllOf(testing::HasSubstr(file.string()), testing::HasSubstr("100 bytes")));
  std::filesystem::remove(file);
  EXPECT_THAT(error(), testing::AllOf(testing::HasSubstr(file.string()), testing::HasSubstr(path.string())));
}

TEST(IndexDamage, ASizeOtherThanTheManifestsIsRefused) {
  test::TemporaryFolder folder;
  const std::vector<float> values = test::random_vectors(rows, width);
  make("IVF8,Flat", values, folder / "x.index");
  const auto size = std::filesystem::file_size(folder / "x.index");
  folder.write("x.index.manifest.json", fmt::format("{{\"result\": {{\"bytes\": {}}}}}", size + 1));
  EXPECT_THAT(test::error_of<DataError>([&] { open_index(folder / "x.index"); }),
              testing::HasSubstr("manifest"));
  folder.write("x.index.manifest.json", "not JSON");
  EXPECT_EQ(open_index(folder / "x.index").rows(), rows);
}

}  // namespace
}  // namespace runner::ann
