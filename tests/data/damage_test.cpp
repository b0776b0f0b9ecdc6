// 1,000 damaged files: each is refused (or harmless), and none may crash or fill the memory.
#include <gtest/gtest.h>

#include <random>

#include "base/memory.h"
#include "data/formats/zip/zip_writer.h"
#include "make_files.h"
#include "read_everything.h"

namespace runner::data {
namespace {

class Damage : public ::testing::Test {
 protected:
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

  std::string any_sound_file() {
    static const std::vector<std::string> sound = [] {
      std::vector<std::string> files;
      for (const char* name : {"sequences/input.npz", "sequences/classic.npz", "sequences/old_metadata.npz",
                               "parity/batches.npz", "old_model/best_model_torch215.pt"})
        files.push_back(test::file_contents(test::fixtures + "/" + name));
      return files;
    }();
    return sound[below(sound.size())];
  }

  // Reads the damaged file with all four readers, of which so many must refuse it.
  void read(const std::string& contents, int at_least) {
    folder_.write("x.npz", contents);
    read_file(at_least);
  }
  void read_file(int at_least) {
    EXPECT_GE(test::read_everything((folder_ / "x.npz").string()), at_least);
    ++files_;
  }

  void TearDown() override {
    EXPECT_EQ(files_, 250);
    EXPECT_LT(peak_memory_mb(), 1000);
  }

  test::TemporaryFolder folder_;
  std::mt19937_64 random_{7};
  int files_ = 0;
};

TEST_F(Damage, CutShort) {
  for (int i = 0; i < 250; ++i) {
    const std::string sound = any_sound_file();
    read(sound.substr(0, below(sound.size())), 4);
  }
}

TEST_F(Damage, FlippedBits) {
  for (int i = 0; i < 250; ++i) {
    std::string contents = any_sound_file();
    for (std::size_t n = 1 + below(8); n > 0; --n)
      contents[below(contents.size())] ^= static_cast<char>(1 << below(8));
    read(contents, 0);  // an unused byte may be hit, such as a date
  }
}

TEST_F(Damage, LyingHeaders) {
  const std::vector<std::string> shapes = {"(4294967296, 4294967296)",
                                           "(9223372036854775807,)",
                                           "(1000000000, 768)",
                                           "(0, 768)",
                                           "(768, 0)",
                                           "(-1, 8)",
                                           "(8,)",
                                           "()",
                                           "(8, 8, 8, 8)",
                                           "(100, 9999999)",
                                           "(99999999999999999999, 2)",
                                           "(2305843009213693952, 8)"};
  const std::vector<std::string> types = {"<f4", "<f2",  "<f8", "<i8", ">f4",   "|O",
                                          "<U8", "<c16", "<f3", "",    "|V4096"};
  for (int i = 0; i < 250; ++i) {
    const char* const names[] = {"vectors", "article_indices", "context_sequences", "target_vectors",
                                 "metadata"};
    ZipWriter zip(folder_ / "x.npz");
    for (const char* name : names) {
      std::string dict = "{'descr': '" + types[below(types.size())] +
                         "', 'fortran_order': " + (below(2) != 0 ? "True" : "False") +
                         ", 'shape': " + shapes[below(shapes.size())] + ", }\n";
      std::string array("\x93NUMPY\x01\x00", 8);
      array.push_back(static_cast<char>(dict.size() + (below(4) == 0 ? below(100) : 0)));
      array.push_back(static_cast<char>(below(8) == 0 ? 0x80 : 0));
      array += dict + std::string(below(4096), static_cast<char>(below(256)));
      zip.begin(std::string(name) + ".npy", array.size(), below(2) != 0);
      zip.append(array.data(), array.size());
      zip.end();
    }
    zip.finish();
    read_file(3);  // as mere bytes, text and records may be read
  }
}

TEST_F(Damage, BombsAndLyingDirectories) {
  // Real bombs: 65 MB to 200 MB of zeros in some 100 KB.
  const std::vector<char> zeros(1 << 20);
  for (int i = 0; i < 4; ++i) {
    const std::int64_t megabytes = 65 + 45 * i;
    NpzWriter writer(folder_ / "x.npz", Compression::deflated);
    for (const char* name : {"vectors", "context_sequences"}) {
      writer.begin(name, i % 2 == 0 ? DType::f16 : DType::u8, {megabytes << (i % 2 == 0 ? 9 : 10), 1 << 10});
      for (std::int64_t m = 0; m < megabytes; ++m) writer.append(zeros.data(), zeros.size());
      writer.end();
    }
    writer.finish();
    read_file(4);
  }
  // Numbers of the directory and of the entries' own headers replaced by large, small and odd ones.
  const std::uint64_t numbers[] = {0, 1, 8, 12, 0x7fffffff, 0xfffffffe, 0xffffffff, 0xffff, 45, 0x10000000};
  for (int i = 4; i < 250; ++i) {
    std::string contents = any_sound_file();
    for (int n = 0; n < 6; ++n) {
      const char* const signatures[] = {"PK\1\2", "PK\3\4", "PK\5\6"};
      std::size_t at = contents.find(std::string(signatures[below(3)], 4), below(contents.size()));
      if (at == std::string::npos) at = contents.rfind("PK\1\2");
      const std::size_t field = at + 4 + 2 * below(21), size = below(2) != 0 ? 4 : 2;
      const std::uint64_t value = numbers[below(std::size(numbers))];
      for (std::size_t b = 0; b < size && field + b < contents.size(); ++b)
        contents[field + b] = static_cast<char>(value >> 8 * b);
    }
    read(contents, 0);
  }
}

}  // namespace
}  // namespace runner::data
