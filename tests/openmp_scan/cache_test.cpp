// The cache of files that were read, and ld.so.cache.
#include "openmp_scan/loader/file_store.h"

#include <fstream>

#include "openmp_scan/fixture.h"
#include "openmp_scan/loader/ld_cache.h"

namespace scan_test {

using namespace runner::runtime;

TEST_F(ScanTest, TheCacheIsUsedUntilTheFileChanges) {
  options.use_cache = true;
  options.cache_folder = folder / "cache";
  elf("liba.so", {.soname = "liba.so", .defined = gnu_symbols()});
  ASSERT_EQ(scan({"liba.so"}).runtimes.size(), 1U);
  ASSERT_FALSE(fs::is_empty(folder / "cache" / "scan"));

  // Same length, time and inode, other bytes: what is cached counts, which shows that the file is not read.
  const auto time = fs::last_write_time(folder / "liba.so");
  const auto size = fs::file_size(folder / "liba.so");
  std::ofstream(folder / "liba.so", std::ios::in | std::ios::binary) << std::string(size, 'x');
  fs::last_write_time(folder / "liba.so", time);
  EXPECT_EQ(scan({"liba.so"}).runtimes.size(), 1U);

  fs::last_write_time(folder / "liba.so", time + std::chrono::seconds(2));
  const auto changed = scan({"liba.so"});
  EXPECT_TRUE(changed.runtimes.empty());
  EXPECT_TRUE(mentions(changed.problems, "neither an ELF"));
}

TEST_F(ScanTest, ABrokenOrUnwritableCacheCostsNothingButTime) {
  options.use_cache = true;
  options.cache_folder = folder / "cache";
  elf("liba.so", {.soname = "liba.so", .needed = {"libb.so"}, .runpath = "$ORIGIN"});
  elf("libb.so", {.soname = "libb.so", .defined = gnu_symbols()});
  const auto first = scan({"liba.so"});
  for (const auto& entry : fs::directory_iterator(folder / "cache" / "scan")) {
    const fs::path cache = entry.path();
    std::ifstream in(cache, std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(in)), {});
    for (std::size_t n = 0; n < whole.size(); n += 11) {
      write(cache, whole.substr(0, n));
      EXPECT_EQ(scan({"liba.so"}).runtimes.size(), first.runtimes.size());
      std::string flipped = whole;
      flipped[n] = static_cast<char>(flipped[n] ^ 0x15);
      write(cache, flipped);
      scan({"liba.so"});
    }
  }
  write(folder / "file", "x");
  options.cache_folder = folder / "file" / "below";
  EXPECT_EQ(scan({"liba.so"}).runtimes.size(), 1U);
}

TEST(CacheFolder, FollowsTheVariables) {
  EXPECT_EQ(cache_folder("/wanted"), fs::path("/wanted"));
  ::setenv("RUNNER_CACHE_DIR", "/own", 1);
  EXPECT_EQ(cache_folder(""), fs::path("/own"));
  ::unsetenv("RUNNER_CACHE_DIR");
  ::setenv("XDG_CACHE_HOME", "/xdg", 1);
  EXPECT_EQ(cache_folder(""), fs::path("/xdg/runner"));
  ::unsetenv("XDG_CACHE_HOME");
  ::setenv("HOME", "/home/x", 1);
  EXPECT_EQ(cache_folder(""), fs::path("/home/x/.cache/runner"));
}

TEST(LdSoCache, HasThisSystemsLibraries) {
  if (!fs::exists("/etc/ld.so.cache")) GTEST_SKIP() << "no ld.so.cache on this system";
#if defined(__x86_64__)
  const LdCache cache = LdCache::read("/etc/ld.so.cache", "x86_64");
  EXPECT_GT(cache.size(), 10U);
  ASSERT_NE(cache.find("libc.so.6"), nullptr);
  EXPECT_TRUE(fs::exists(*cache.find("libc.so.6")));
  EXPECT_EQ(LdCache::read("/etc/ld.so.cache", "sparc").size(), 0U);
#endif
}

TEST(LdSoCache, ABrokenOneHasNoEntriesAndDoesNoHarm) {
  std::ifstream in("/etc/ld.so.cache", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  for (std::size_t n = 0; n < bytes.size(); n += bytes.size() / 50 + 1) {
    std::string broken = bytes.substr(0, n);
    LdCache::read(MemorySource({reinterpret_cast<const std::uint8_t*>(broken.data()), broken.size()}),
                  "x86_64");
    broken = bytes;
    broken.replace(n, 4, "\xff\xff\xff\xff");
    LdCache::read(MemorySource({reinterpret_cast<const std::uint8_t*>(broken.data()), broken.size()}),
                  "x86_64");
  }
  EXPECT_EQ(LdCache::read("/nowhere", "x86_64").size(), 0U);
}

// A list in a list in a list … would fill the stack of who reads it.
TEST_F(ScanTest, ACacheOfListsInListsIsReadAgain) {
  options.use_cache = true;
  options.cache_folder = folder / "cache";
  elf("liba.so", {.soname = "liba.so", .defined = gnu_symbols()});
  scan({"liba.so"});
  for (const auto& entry : fs::directory_iterator(folder / "cache" / "scan"))
    std::ofstream(entry.path(), std::ios::binary) << std::string(10'000'000, '\x81');
  EXPECT_EQ(scan({"liba.so"}).runtimes.size(), 1U);
}

}  // namespace scan_test
