#include "index/reading/mapped_index.h"

#include <sys/mman.h>
#include <unistd.h>

#include <fstream>

#include "index/build/flat_writer.h"
#include "index/exact_search/exact_search.h"
#include "index/made_vectors.h"

namespace runner::ann {
namespace {

constexpr std::int64_t dimension = 96, row_count = 50000;  // 19 MB

// Bytes of this file that are in this process's page tables (Linux); -1 where unknown.
std::int64_t mapped_bytes(const std::filesystem::path& file) {
  std::ifstream in("/proc/self/smaps");
  std::int64_t bytes = -1;
  bool here = false;
  for (std::string line; std::getline(in, line);) {
    if (line.find('-') < line.find(' ')) here = line.ends_with(file.string());
    if (here && line.starts_with("Rss:"))
      bytes = std::max<std::int64_t>(bytes, 0) + 1024 * std::stoll(line.substr(4));
  }
  return bytes;
}

bool can_map_at_once() {
#ifdef MADV_POPULATE_READ
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* at = ::mmap(nullptr, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool can = ::madvise(at, page, MADV_POPULATE_READ) == 0;
  ::munmap(at, page);
  return can;
#else
  return false;
#endif
}

class Mapped : public testing::Test {
 protected:
  Mapped() : values_(test::random_vectors(row_count, dimension)) {
    const data::Vectors vectors(test::write_npz(folder_ / "x.npz", values_, dimension));
    write_flat_index(vectors, {Metric::inner_product, false, {}}, path_);
  }
  test::TemporaryFolder folder_;
  const std::filesystem::path path_ = std::filesystem::canonical(folder_.path()) / "x.index";
  std::vector<float> values_;
};

TEST_F(Mapped, BringsTheWholeFileInWhenAsked) {
  if (!can_map_at_once()) GTEST_SKIP() << "this system cannot map all pages at once";
  auto index = MappedIndex::open(path_);
  EXPECT_LT(mapped_bytes(path_), row_count * dimension * 4 / 2) << "opening alone";
  index->bring_in();
  EXPECT_GE(mapped_bytes(path_), row_count * dimension * 4);
}

TEST_F(Mapped, StaysSmallWhenPagesAreReleasedBehind) {
  if (mapped_bytes("[stack]") < 0) GTEST_SKIP() << "no /proc/self/smaps here";
  auto index = MappedIndex::open(path_, true);
  index->bring_in();
  EXPECT_LT(mapped_bytes(path_), row_count * dimension * 4 / 2);
  for (const std::int64_t n : {5, 100}) {
    exact_search(*index, Metric::inner_product, values_.data(), n, 10);
    EXPECT_LT(mapped_bytes(path_), row_count * dimension * 4 / 2) << n << " queries";
  }
}

TEST_F(Mapped, FindsTheSameHoweverItsPagesCome) {
  auto whole = MappedIndex::open(path_);
  whole->bring_in();
  const auto streamed = MappedIndex::open(path_), small = MappedIndex::open(path_, true);
  for (const std::int64_t n : {3, 70, 300}) {
    const Neighbours first = exact_search(*whole, Metric::inner_product, values_.data(), n, 10);
    for (const auto* other : {&streamed, &small}) {
      const Neighbours again = exact_search(**other, Metric::inner_product, values_.data(), n, 10);
      EXPECT_EQ(again.ids, first.ids) << n << " queries";
      EXPECT_EQ(again.scores, first.scores) << n << " queries";
    }
  }
}

}  // namespace
}  // namespace runner::ann
