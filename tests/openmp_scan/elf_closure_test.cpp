// The closure of ELF files, as ld.so resolves it.
#include <gmock/gmock.h>

#include "openmp_scan/fixture.h"

namespace scan_test {

using runner::runtime::RuntimeKind;
using runner::runtime::Verdict;
using ::testing::ElementsAre;

namespace {
ElfSpec libomp(const std::string& soname) {
  return {.soname = soname, .defined = llvm_symbols()};
}
ElfSpec libgomp(const std::string& soname) {
  return {.soname = soname, .defined = gnu_symbols()};
}
}  // namespace

TEST_F(ScanTest, TwoLibrariesThatNeedOneSonameShareOneCopy) {
  elf("one/libomp.so.5", libomp("libomp.so.5"));
  elf("two/libomp.so.5", libomp("libomp.so.5"));
  elf("liba.so", {.needed = {"libomp.so.5"}, .runpath = "$ORIGIN/one"});
  elf("libb.so", {.needed = {"libomp.so.5"}, .runpath = "$ORIGIN/two"});
  const auto result = scan({"liba.so", "libb.so"});
  EXPECT_EQ(result.verdict, Verdict::one);
  EXPECT_THAT(paths(result), ElementsAre(at("one/libomp.so.5")));
  EXPECT_THAT(result.runtimes[0].needed_by, ElementsAre(at("liba.so")));
}

// Alpine's files: no ld.so.cache, and folders of musl's own.
TEST_F(ScanTest, MuslsFoldersAreSearchedForMuslsFiles) {
  options.root = folder;
  elf("lib/ld-musl-x86_64.so.1", {.soname = "libc.musl-x86_64.so.1"});
  fs::create_symlink("ld-musl-x86_64.so.1", folder / "lib/libc.musl-x86_64.so.1");
  elf("usr/local/lib/libgomp.so.1", libgomp("libgomp.so.1"));
  elf("usr/lib/liba.so", {.soname = "liba.so", .needed = {"libgomp.so.1", "libc.musl-x86_64.so.1"}});
  elf("app", {.needed = {"liba.so", "libc.musl-x86_64.so.1"}, .program = true});
  const auto result = scan({"app"});
  EXPECT_THAT(paths(result), ElementsAre(at("usr/local/lib/libgomp.so.1")));
  EXPECT_TRUE(result.problems.empty()) << result.problems[0];

  // A list takes the folders' place.
  elf("opt/omp/libgomp.so.1", libgomp("libgomp.so.1"));
  write(folder / "etc/ld-musl-x86_64.path", "/opt/omp\n/usr/lib:/lib\n");
  EXPECT_THAT(paths(scan({"app"})), ElementsAre(at("opt/omp/libgomp.so.1")));
}

// glibc's loader does not look there.
TEST_F(ScanTest, MuslsFoldersAreNotSearchedForGlibcsFiles) {
  options.root = folder;
  elf("lib/libc.so.6", {.soname = "libc.so.6"});
  elf("usr/local/lib/libgomp.so.1", libgomp("libgomp.so.1"));
  elf("app", {.needed = {"libgomp.so.1", "libc.so.6"}, .program = true});
  EXPECT_FALSE(scan({"app"}).runtimes.at(0).found);
}

TEST_F(ScanTest, TwoSonamesAreTwoCopies) {
  elf("libomp.so.5", libomp("libomp.so.5"));
  elf("libomp-a34b3233.so.5", libomp("libomp-a34b3233.so.5"));
  elf("liba.so", {.needed = {"libomp.so.5"}, .runpath = "$ORIGIN"});
  elf("libb.so", {.needed = {"libomp-a34b3233.so.5"}, .runpath = "$ORIGIN"});
  const auto result = scan({"liba.so", "libb.so"});
  EXPECT_EQ(result.verdict, Verdict::duplicate);
  EXPECT_THAT(paths(result), ElementsAre(at("libomp.so.5"), at("libomp-a34b3233.so.5")));
  EXPECT_TRUE(mentions(result.advice, "OMP: Error #15"));
}

TEST_F(ScanTest, AFileLoadedByPathIsASecondCopyOfItsSoname) {
  elf("one/libomp.so.5", libomp("libomp.so.5"));
  elf("two/libomp.so.5", libomp("libomp.so.5"));
  elf("liba.so", {.needed = {"libomp.so.5"}, .runpath = "$ORIGIN/one"});
  EXPECT_EQ(scan({"liba.so", "two/libomp.so.5"}).verdict, Verdict::duplicate);
  // The other way round the soname is taken already.
  EXPECT_EQ(scan({"two/libomp.so.5", "liba.so"}).verdict, Verdict::one);
}

TEST_F(ScanTest, OneFileUnderTwoNamesIsOneCopy) {
  elf("libomp.so.5", libomp("libomp.so.5"));
  fs::create_symlink("libomp.so.5", folder / "libiomp5.so");
  elf("liba.so", {.needed = {"libiomp5.so"}, .runpath = "$ORIGIN"});
  elf("libb.so", {.needed = {"libomp.so.5"}, .runpath = "$ORIGIN"});
  const auto result = scan({"liba.so", "libb.so"});
  EXPECT_EQ(result.verdict, Verdict::one);
  EXPECT_THAT(paths(result), ElementsAre(at("libomp.so.5")));
}

TEST_F(ScanTest, RpathIsInheritedAndRunpathIsNot) {
  elf("deep/libgomp.so.1", libgomp("libgomp.so.1"));
  elf("libmiddle.so", {.soname = "libmiddle.so", .needed = {"libgomp.so.1"}});
  elf("liba.so", {.needed = {"libmiddle.so"}, .rpath = "$ORIGIN:$ORIGIN/deep"});
  EXPECT_THAT(paths(scan({"liba.so"})), ElementsAre(at("deep/libgomp.so.1")));
  // With RUNPATH the middle library does not find it: the system's or none is what remains.
  elf("libb.so", {.needed = {"libmiddle.so"}, .runpath = "$ORIGIN:$ORIGIN/deep"});
  for (const std::string& path : paths(scan({"libb.so"}))) EXPECT_NE(path, at("deep/libgomp.so.1"));
}

TEST_F(ScanTest, LibraryPathComesBeforeRunpathAndAfterRpath) {
  elf("path/libgomp.so.1", libgomp("libgomp.so.1"));
  elf("own/libgomp.so.1", libgomp("libgomp.so.1"));
  elf("runpath.so", {.needed = {"libgomp.so.1"}, .runpath = "$ORIGIN/own"});
  elf("rpath.so", {.needed = {"libgomp.so.1"}, .rpath = "${ORIGIN}/own"});
  options.environment["LD_LIBRARY_PATH"] = at("path");
  EXPECT_THAT(paths(scan({"runpath.so"})), ElementsAre(at("path/libgomp.so.1")));
  EXPECT_THAT(paths(scan({"rpath.so"})), ElementsAre(at("own/libgomp.so.1")));
}

TEST_F(ScanTest, AWrongArchitectureIsPassedOver) {
  ElfSpec arm = libgomp("libgomp.so.1");
  arm.machine = 183;
  elf("arm/libgomp.so.1", arm);
  elf("intel/libgomp.so.1", libgomp("libgomp.so.1"));
  elf("liba.so", {.needed = {"libgomp.so.1"}, .runpath = "$ORIGIN/arm:$ORIGIN/intel"});
  EXPECT_THAT(paths(scan({"liba.so"})), ElementsAre(at("intel/libgomp.so.1")));
}

TEST_F(ScanTest, APreloadedRuntimeTakesPartAndIsSaid) {
  elf("libomp.so.5", libomp("libomp.so.5"));
  elf("libgomp.so.1", libgomp("libgomp.so.1"));
  elf("liba.so", {.needed = {"libgomp.so.1"}, .runpath = "$ORIGIN"});
  options.environment["LD_PRELOAD"] = at("libomp.so.5");
  const auto result = scan({"liba.so"});
  EXPECT_EQ(result.verdict, Verdict::mixed);
  EXPECT_TRUE(result.from_preload);
  EXPECT_TRUE(result.runtimes.at(0).preloaded);
  EXPECT_FALSE(result.runtimes.at(1).preloaded);
  EXPECT_TRUE(mentions(result.advice, "LD_PRELOAD"));
}

TEST_F(ScanTest, TheProgramsRpathServesWhatItLoads) {
  elf("lib/libgomp.so.1", libgomp("libgomp.so.1"));
  elf("bin/program", {.rpath = "$ORIGIN/../lib", .program = true});
  elf("plugin.so", {.needed = {"libgomp.so.1"}});
  options.executable = at("bin/program");
  EXPECT_THAT(paths(scan({"plugin.so"})), ElementsAre(at("lib/libgomp.so.1")));
}

TEST_F(ScanTest, ThirtyTwoBitAndBigEndianFilesAreRead) {
  for (const bool is64 : {false, true})
    for (const bool big : {false, true}) {
      ElfSpec runtime = libgomp("libgomp-odd.so.1"),
              user{.needed = {"libgomp-0dd0.so.1"}, .runpath = "$ORIGIN"};
      for (ElfSpec* spec : {&runtime, &user}) {
        spec->is64 = is64;
        spec->big_endian = big;
        spec->machine = is64 ? 21 : 40;
      }
      elf("libgomp-0dd0.so.1", runtime);
      elf("user.so", user);
      const auto result = scan({"user.so"});
      EXPECT_EQ(result.verdict, Verdict::one) << is64 << big;
      EXPECT_TRUE(result.problems.empty()) << result.problems[0];
    }
}

TEST_F(ScanTest, TheSystemsOwnCacheAndFoldersAreUsed) {
  if (!fs::exists("/etc/ld.so.cache")) GTEST_SKIP() << "no ld.so.cache on this system";
  elf("liba.so", {.needed = {"libgomp.so.1"}});
  const auto result = scan({"liba.so"});
  ASSERT_EQ(result.runtimes.size(), 1U);
  EXPECT_EQ(result.runtimes[0].kind, RuntimeKind::libgomp);
  EXPECT_TRUE(fs::exists(result.runtimes[0].path));
  EXPECT_TRUE(result.runtimes[0].version.starts_with("GOMP_")) << result.runtimes[0].version;
}

}  // namespace scan_test
