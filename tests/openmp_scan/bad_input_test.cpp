// Broken input: a line in the report, never a crash.
#include <gmock/gmock.h>

#include "openmp_scan/fixture.h"

namespace scan_test {

using runner::runtime::Verdict;

TEST_F(ScanTest, EveryTruncationOfAFileIsReportedOrHarmless) {
  const std::string elf_bytes =
      make_elf({.soname = "libx.so", .needed = {"liby.so"}, .runpath = "$ORIGIN", .defined = gnu_symbols()});
  const std::string macho_bytes =
      make_macho({.id = "libx.dylib", .loads = {"@rpath/liby.dylib"}, .defined = llvm_symbols()});
  for (const std::string& whole : {elf_bytes, macho_bytes, make_fat({{0x0100000c, macho_bytes}}, false)})
    for (std::size_t n = 0; n < whole.size(); n += 7) {
      write(folder / "libx.so", whole.substr(0, n));
      const auto result = scan({"libx.so"});
      if (n < 64) {
        EXPECT_FALSE(result.problems.empty()) << n;
      }
    }
  write(folder / "libx.so", elf_bytes.substr(0, elf_bytes.size() - 1));
  EXPECT_TRUE(mentions(scan({"libx.so"}).problems, "libx.so: truncated"));
}

TEST_F(ScanTest, EmptyTextAndFoldersAreNamed) {
  write(folder / "empty.so", "");
  write(folder / "text.so", "INPUT(libx.so.1)\n");
  fs::create_directory(folder / "folder.so");
  const auto result = scan({"empty.so", "text.so", "folder.so", "absent.so"});
  EXPECT_TRUE(mentions(result.problems, "empty.so: is empty"));
  EXPECT_TRUE(mentions(result.problems, "text.so: is neither an ELF nor a Mach-O file"));
  EXPECT_TRUE(mentions(result.problems, "folder.so: no such file"));
  EXPECT_TRUE(mentions(result.problems, "absent.so: no such file"));
}

TEST_F(ScanTest, AnUnreadableFileIsNamedWithTheReason) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  elf("liba.so", {.soname = "liba.so"});
  fs::permissions(folder / "liba.so", fs::perms::none);
  EXPECT_TRUE(mentions(scan({"liba.so"}).problems, "Permission denied"));
}

TEST_F(ScanTest, ACycleEnds) {
  elf("liba.so", {.soname = "liba.so", .needed = {"libb.so"}, .runpath = "$ORIGIN"});
  elf("libb.so", {.soname = "libb.so", .needed = {"liba.so", "libb.so"}, .runpath = "$ORIGIN"});
  const auto result = scan({"liba.so"});
  EXPECT_EQ(result.files, 2U);
  EXPECT_TRUE(result.problems.empty());
}

TEST_F(ScanTest, AMissingDependencyIsNamedWithItsAsker) {
  elf("liba.so", {.needed = {"libnowhere_to_be_found.so.9"}});
  const auto result = scan({"liba.so"});
  EXPECT_TRUE(mentions(result.problems, "liba.so: needs libnowhere_to_be_found.so.9, which was not found"));
}

TEST_F(ScanTest, AWrongArchitectureIsNamed) {
  elf("dep/libdep.so", {.soname = "libdep.so", .machine = 183});
  elf("liba.so", {.needed = {"libdep.so"}, .runpath = "$ORIGIN/dep"});
  EXPECT_TRUE(mentions(scan({"liba.so"}).problems, "wrong architecture"));
  elf("libb.so", {});
  macho("libc.dylib", {.id = "libc.dylib"});
  const auto mixed = scan({"liba.so", "libb.so", "dep/libdep.so", "libc.dylib"});
  EXPECT_TRUE(mentions(mixed.problems, "libdep.so: wrong architecture: is aarch64, the process x86_64"));
  EXPECT_TRUE(mentions(mixed.problems, "libc.dylib: is for macOS"));
}

TEST_F(ScanTest, AChainOfTenThousandIsFollowedToItsEnd) {
  constexpr int length = 10000;
  for (int i = 0; i < length; ++i)
    elf("lib" + std::to_string(i) + ".so",
        {.soname = "lib" + std::to_string(i) + ".so",
         .needed = {i + 1 < length ? "lib" + std::to_string(i + 1) + ".so" : "libgomp.so.1"},
         .rpath = "$ORIGIN"});
  elf("libgomp.so.1", {.soname = "libgomp.so.1", .defined = gnu_symbols()});
  const auto result = scan({"lib0.so"});
  EXPECT_EQ(result.files, length + 1U);
  ASSERT_EQ(result.runtimes.size(), 1U);
  EXPECT_EQ(result.runtimes[0].needed_by.front(), at("lib0.so"));
  EXPECT_EQ(result.runtimes[0].needed_by.back(), at("lib9999.so"));
  EXPECT_LT(result.runtimes[0].needed_by.size(), 30U) << "a chain for people is cut in the middle";
}

TEST_F(ScanTest, OffsetsThatPointNowhereAreHarmless) {
  std::string bytes = make_elf({.soname = "liba.so", .needed = {"libb.so"}, .defined = gnu_symbols()});
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 4) {
    std::string broken = bytes;
    broken.replace(at, 8, std::string(8, '\xff'));
    write(folder / "liba.so", broken);
    scan({"liba.so"});
  }
  std::string macho_bytes =
      make_macho({.id = "liba.dylib", .loads = {"libb.dylib"}, .defined = gnu_symbols()});
  for (std::size_t at = 0; at + 4 <= macho_bytes.size(); at += 4) {
    std::string broken = macho_bytes;
    broken.replace(at, 4, std::string(4, '\xff'));
    write(folder / "liba.so", broken);
    scan({"liba.so"});
  }
}

TEST_F(ScanTest, AFifoIsNotWaitedFor) {
  ASSERT_EQ(::system(("mkfifo " + at("pipe.so")).c_str()), 0);
  EXPECT_TRUE(mentions(scan({"pipe.so"}).problems, "is not a regular file"));
}

}  // namespace scan_test
