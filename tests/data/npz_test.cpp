#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "data/formats/numpy/npz.h"
#include "make_files.h"

namespace runner::data {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string npz_with(const test::TemporaryFolder& folder, Compression compression) {
  NpzWriter writer(folder / "x.npz", compression);
  writer.write("odd", DType::u8, {3}, "abc");
  writer.write("numbers", std::vector<std::int64_t>{1, -2, 3'000'000'000});
  writer.finish();
  return (folder / "x.npz").string();
}

// Overwrites bytes of a file.
void patch(const std::string& path, std::size_t at, const std::string& bytes) {
  std::string contents = test::file_contents(path);
  contents.replace(at, bytes.size(), bytes);
  std::ofstream(path, std::ios::binary) << contents;
}

TEST(Npz, ReadsBackWhatItWrote) {
  for (const Compression compression : {Compression::stored, Compression::deflated}) {
    const test::TemporaryFolder folder;
    const Npz file(npz_with(folder, compression));
    EXPECT_THAT(file.names(), ElementsAre("odd", "numbers"));
    EXPECT_THAT(read_integers(file.array("numbers")), ElementsAre(1, -2, 3'000'000'000));
    EXPECT_EQ(read_bytes(file.array("odd")), "abc");
  }
}

TEST(Npz, MapsStoredArraysWhereTheyLie) {
  const test::TemporaryFolder folder;
  const Array array = Npz(npz_with(folder, Compression::stored)).array("numbers");
  ASSERT_NE(array.bytes->mapped(), nullptr);
  // The array before it has three bytes, so that this one cannot be aligned.
  EXPECT_NE(reinterpret_cast<std::uintptr_t>(array.bytes->mapped()) % 8, 0u);
}

TEST(Npz, WritesTheSameBytesAgain) {
  const test::TemporaryFolder a, b;
  EXPECT_EQ(test::file_contents(npz_with(a, Compression::deflated)),
            test::file_contents(npz_with(b, Compression::deflated)));
}

TEST(Npz, LeavesNothingBehindWithoutFinish) {
  const test::TemporaryFolder folder;
  { NpzWriter(folder / "x.npz").write("a", std::vector<std::int64_t>{1, 2}); }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Npz, AppendsRowsInPieces) {
  const test::TemporaryFolder folder;
  const std::vector<float> rows = test::numbered_rows(1000, 7);
  NpzWriter writer(folder / "x.npz", Compression::deflated);
  writer.begin("rows", DType::f32, {1000, 7});
  for (int i = 0; i < 1000; ++i) writer.append(rows.data() + 7 * i, 28);
  writer.end();
  writer.finish();
  const std::string bytes = read_bytes(Npz(folder / "x.npz").array("rows"));
  EXPECT_EQ(0, std::memcmp(bytes.data(), rows.data(), bytes.size()));
}

TEST(Npz, ReadsADeflatedStreamForwardsAndBackwards) {
  const test::TemporaryFolder folder;
  std::vector<std::int64_t> numbers(100000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int64_t>(i * i);
  NpzWriter writer(folder / "x.npz", Compression::deflated);
  writer.write("n", numbers);
  writer.finish();
  const Array array = Npz(folder / "x.npz").array("n");
  for (const std::int64_t i : {5, 99999, 4, 50000}) {
    std::int64_t value = 0;
    array.bytes->read(static_cast<std::uint64_t>(i) * 8, &value, 8);
    EXPECT_EQ(value, i * i);
  }
}

TEST(Npz, ReadsAPlainNpyUnderAnyName) {
  const test::TemporaryFolder folder;
  folder.write("x.npy", npy_header(DType::u8, {3}) + "abc");
  EXPECT_EQ(read_bytes(Npz(folder / "x.npy").array("vectors")), "abc");
}

TEST(Npz, NamesTheArraysThereAreWhenOneIsMissing) {
  const test::TemporaryFolder folder;
  const Npz file(npz_with(folder, Compression::stored));
  EXPECT_THAT(test::message_of<DataError>([&] { file.array("vectors"); }),
              HasSubstr("x.npz: array vectors: there is no such array; the file has odd, numbers"));
}

TEST(Npz, FindsADamagedByteByItsCrc) {
  for (const Compression compression : {Compression::stored, Compression::deflated}) {
    const test::TemporaryFolder folder;
    const std::string path = npz_with(folder, compression);
    const std::string contents = test::file_contents(path);
    const std::size_t second = contents.find("PK\3\4", 4);
    // Stored: a byte of the last number. Deflated: somewhere in the stream.
    patch(path, compression == Compression::stored ? contents.find("PK\1\2") - 3 : second + 60, "\x77");
    EXPECT_THAT(test::message_of<DataError>([&] { read_integers(Npz(path).array("numbers")); }),
                HasSubstr("array numbers: damaged"));
  }
}

TEST(Npz, RefusesWhatIsNoArchive) {
  const test::TemporaryFolder folder;
  folder.write("x.npz", "hello");
  EXPECT_THAT(test::message_of<DataError>([&] { Npz(folder / "x.npz"); }),
              HasSubstr("neither .npz nor .npy"));
  folder.write("y.npz", "PK\3\4 and then nothing of use");
  EXPECT_THAT(test::message_of<DataError>([&] { Npz(folder / "y.npz"); }),
              HasSubstr("no directory at its end"));
  EXPECT_THAT(test::message_of<DataError>([&] { Npz(folder / "none.npz"); }),
              HasSubstr("cannot read: No such file"));
  EXPECT_THAT(test::message_of<DataError>([&] { Npz(folder.path()); }),
              HasSubstr("is a folder, expected a regular file"));
}

// Deflate writes zeros 1000 : 1 and sorted numbers 680 : 1; the header says how many bytes there are to be.
TEST(Npz, ReadsWhatDeflatesWell) {
  const test::TemporaryFolder folder;
  NpzWriter writer(folder / "x.npz", Compression::deflated);
  writer.begin("zeros", DType::f32, {100 << 10, 256});
  const std::vector<char> zeros(1 << 20);
  for (int i = 0; i < 100; ++i) writer.append(zeros.data(), zeros.size());
  writer.end();
  std::vector<std::int64_t> sorted(20'000'000);
  for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = static_cast<std::int64_t>(i / 20'000);
  writer.write("sorted", sorted);
  writer.finish();
  const Npz file(folder / "x.npz");
  EXPECT_EQ(file.array("zeros").header.bytes, 100u << 20);
  EXPECT_EQ(read_integers(file.array("sorted")), sorted);
}

TEST(Npz, RefusesASizeThatNoDeflatedBytesCanHave) {
  const test::TemporaryFolder folder;
  NpzWriter writer(folder / "bomb.npz", Compression::deflated);
  writer.begin("vectors", DType::f32, {100 << 10, 256});
  const std::vector<char> zeros(1 << 20);
  for (int i = 0; i < 100; ++i) writer.append(zeros.data(), zeros.size());
  writer.end();
  writer.finish();
  const std::string path = (folder / "bomb.npz").string();
  const std::size_t directory = test::file_contents(path).find("PK\1\2");
  patch(path, directory + 24, std::string("\0\0\0\x70", 4));  // 1.9 GB of some 100 KB
  EXPECT_THAT(test::message_of<DataError>([&] { Npz(path).array("vectors"); }),
              HasSubstr("unpack to 1879048192: more than deflated bytes can hold"));
}

// As NumPy does: of equal names the last, and a member `a` before `a.npy`.
TEST(Npz, TakesTheEntryThatNumPyTakesOfEqualNames) {
  if (!test::have_numpy()) GTEST_SKIP() << "no python3 with NumPy";
  const test::TemporaryFolder folder;
  ASSERT_EQ(test::run_numpy(folder.path(),
                            "import zipfile, warnings\nwarnings.simplefilter('ignore')\n"
                            "z = zipfile.ZipFile('x.npz', 'w')\n"
                            "def put(name, value):\n"
                            "  with z.open(name, 'w') as f: np.save(f, np.array([value]))\n"
                            "put('twice.npy', 1); put('twice.npy', 2)\n"
                            "put('both', 3); put('both.npy', 4)\n"
                            "put('both2.npy', 5); put('both2', 6)\nput('bare', 7)\nz.close()"),
            "");
  const Npz file(folder / "x.npz");
  for (const char* name : {"twice", "both", "both2", "bare"})
    EXPECT_EQ(fmt::format("{}\n", read_integers(file.array(name))[0]),
              test::run_numpy(folder.path(), std::string("print(np.load('x.npz')['") + name + "'][0])"))
        << name;
  EXPECT_THAT(file.names(), ElementsAre("twice", "both", "both2", "bare"));
}

TEST(Npz, NumPyOpensWhatWeWrite) {
  if (!test::have_numpy()) GTEST_SKIP() << "no python3 with NumPy";
  for (const Compression compression : {Compression::stored, Compression::deflated}) {
    const test::TemporaryFolder folder;
    npz_with(folder, compression);
    EXPECT_EQ(test::run_numpy(folder.path(),
                              "z = np.load('x.npz')\n"
                              "print(z['numbers'].tolist(), z['odd'].tobytes(), z['numbers'].dtype)"),
              "[1, -2, 3000000000] b'abc' int64\n");
  }
}

TEST(Npz, ReadsWhatNumPyWrites) {
  if (!test::have_numpy()) GTEST_SKIP() << "no python3 with NumPy";
  const test::TemporaryFolder folder;
  ASSERT_EQ(test::run_numpy(folder.path(),
                            "n = np.arange(50, dtype=np.int16) - 7\n"
                            "np.savez('a.npz', n=n)\nnp.savez_compressed('b.npz', n=n)\nnp.save('c.npy', n)\n"
                            "import zipfile\n"
                            "z = zipfile.ZipFile('d.npz', 'w')\n"
                            "with z.open('n.npy', 'w', force_zip64=True) as f: np.save(f, n)\nz.close()"),
            "");
  for (const char* name : {"a.npz", "b.npz", "c.npy", "d.npz"}) {
    const std::vector<std::int64_t> numbers = read_integers(Npz(folder / name).array("n"));
    ASSERT_EQ(numbers.size(), 50u) << name;
    EXPECT_EQ(numbers[0], -7);
    EXPECT_EQ(numbers[49], 42);
  }
}

}  // namespace
}  // namespace runner::data
