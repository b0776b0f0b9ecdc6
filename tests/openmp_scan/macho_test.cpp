// Mach-O files, thin and fat, as dyld resolves them, on any machine.
#include <gmock/gmock.h>

#include "openmp_scan/fixture.h"

namespace scan_test {

using runner::runtime::BlasKind;
using runner::runtime::RuntimeKind;
using runner::runtime::Verdict;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

namespace {

constexpr std::uint32_t arm64 = 0x0100000c, x86_64 = 0x01000007;

MachoSpec macho_libomp(const std::string& id, std::uint32_t cpu = arm64) {
  return {.cpu = cpu, .id = id, .defined = llvm_symbols()};
}

// torch brings its own with an absolute install name, a numba pool a second one through @rpath, and a third
// lies on the search path: the classic.
void make_three(const fs::path& folder, bool fat, bool wide) {
  const auto put = [&](const std::string& name, MachoSpec spec) {
    std::string bytes;
    if (fat) {
      MachoSpec intel = spec;
      intel.cpu = x86_64;
      spec.cpu = arm64;
      bytes = make_fat({{x86_64, make_macho(intel)}, {arm64, make_macho(spec)}}, wide);
    } else {
      bytes = make_macho(spec);
    }
    write(folder / name, bytes);
  };
  put("torch/lib/libomp.dylib", macho_libomp("/opt/llvm-openmp/lib/libomp.dylib"));
  put("torch/lib/libtorch_cpu.dylib",
      {.id = "@rpath/libtorch_cpu.dylib",
       .loads = {"@rpath/libomp.dylib", "/usr/lib/libSystem.B.dylib",
                 "/System/Library/Frameworks/Accelerate.framework/Versions/A/Accelerate"},
       .rpaths = {"@loader_path"}});
  put("torch/_C.cpython-311-darwin.so", {.type = 8, .loads = {"@loader_path/lib/libtorch_cpu.dylib"}});
  put("env/lib/libomp.dylib", macho_libomp("@rpath/libomp.dylib"));
  put("numba/np/ufunc/omppool.cpython-311-darwin.so",
      {.type = 8, .loads = {"@rpath/libomp.dylib"}, .rpaths = {"@loader_path/../../../env/lib/"}});
  put("usr/local/lib/libomp.dylib", macho_libomp("libomp.dylib"));
  put("faiss/_swigfaiss.cpython-311-darwin.so", {.type = 8, .loads = {"libomp.dylib"}});
}

}  // namespace

class ThreeCopies : public ScanTest, public ::testing::WithParamInterface<std::pair<bool, bool>> {};

TEST_P(ThreeCopies, AreFoundByInstallNameRpathAndSearchPath) {
  make_three(folder, GetParam().first, GetParam().second);
  options.environment["DYLD_FALLBACK_LIBRARY_PATH"] = at("usr/local/lib");
  const auto result = scan({"torch/_C.cpython-311-darwin.so", "numba/np/ufunc/omppool.cpython-311-darwin.so",
                            "faiss/_swigfaiss.cpython-311-darwin.so"});
  EXPECT_EQ(result.verdict, Verdict::duplicate);
  EXPECT_THAT(paths(result), UnorderedElementsAre(at("torch/lib/libomp.dylib"), at("env/lib/libomp.dylib"),
                                                  at("usr/local/lib/libomp.dylib")));
  EXPECT_EQ(result.runtimes.at(0).name, "/opt/llvm-openmp/lib/libomp.dylib");
  EXPECT_THAT(result.runtimes.at(0).needed_by,
              ElementsAre(at("torch/_C.cpython-311-darwin.so"), at("torch/lib/libtorch_cpu.dylib")));
  EXPECT_TRUE(mentions(result.advice, "3 LLVM/Intel OpenMP runtimes"));
  ASSERT_EQ(result.blas.size(), 1U);
  EXPECT_EQ(result.blas[0].kind, BlasKind::accelerate);
  EXPECT_TRUE(result.problems.empty()) << result.problems[0];
}

INSTANTIATE_TEST_SUITE_P(ThinAndFat, ThreeCopies,
                         ::testing::Values(std::pair{false, false}, std::pair{true, false},
                                           std::pair{true, true}),
                         [](const auto& info) {
                           return std::string(info.param.first ? "Fat" : "Thin") +
                                  (info.param.second ? "Wide" : "");
                         });

TEST_F(ScanTest, AnAbsoluteInstallNameThatIsLoadedServesALaterAsker) {
  macho("torch/libomp.dylib", macho_libomp("/opt/x/libomp.dylib"));
  macho("a.so", {.type = 8, .loads = {"@loader_path/torch/libomp.dylib"}});
  macho("b.so", {.type = 8, .loads = {"/opt/x/libomp.dylib"}});
  EXPECT_EQ(scan({"a.so", "b.so"}).verdict, Verdict::one);
}

TEST_F(ScanTest, ARuntimeThatIsOnlyNamedIsTakenByItsName) {
  macho("a.so", {.type = 8, .loads = {"/opt/homebrew/opt/libomp/lib/libomp.dylib"}});
  const auto result = scan({"a.so"});
  EXPECT_EQ(result.verdict, Verdict::one);
  EXPECT_THAT(paths(result), ElementsAre("/opt/homebrew/opt/libomp/lib/libomp.dylib"));
  EXPECT_TRUE(mentions(result.problems, "was not found"));
}

TEST_F(ScanTest, AbsoluteNamesAreLookedUpBelowTheRoot) {
  macho("root/opt/homebrew/lib/libomp.dylib", macho_libomp("/opt/homebrew/lib/libomp.dylib"));
  macho("a.so", {.type = 8, .loads = {"/opt/homebrew/lib/libomp.dylib"}});
  options.root = folder / "root";
  EXPECT_THAT(paths(scan({"a.so"})), ElementsAre(at("root/opt/homebrew/lib/libomp.dylib")));
}

TEST_F(ScanTest, ReexportsAreFollowedAndAWeakAbsenceIsNoProblem) {
  macho("libreal.dylib", macho_libomp("@rpath/libreal.dylib"));
  macho("libfront.dylib", {.id = "@rpath/libfront.dylib", .reexports = {"@loader_path/libreal.dylib"}});
  macho("a.so", {.type = 8,
                 .loads = {"@rpath/libfront.dylib"},
                 .weak = {"@rpath/libabsent.dylib"},
                 .rpaths = {"@loader_path"}});
  const auto result = scan({"a.so"});
  EXPECT_EQ(result.verdict, Verdict::one);
  EXPECT_TRUE(result.problems.empty()) << result.problems[0];
}

TEST_F(ScanTest, ExecutablePathIsTheProgramsFolder) {
  macho("App/lib/libomp.dylib", macho_libomp("@rpath/libomp.dylib"));
  macho("App/bin/program", {.type = 2, .loads = {"@executable_path/../lib/libomp.dylib"}});
  EXPECT_EQ(scan({"App/bin/program"}).runtimes.size(), 1U);
  macho("plugin.so", {.type = 8, .loads = {"@executable_path/../lib/libomp.dylib"}});
  options.executable = at("App/bin/program");
  EXPECT_EQ(scan({"plugin.so"}).verdict, Verdict::one);
}

TEST_F(ScanTest, TheRunPathOfTheAskersServesWhatTheyLoad) {
  macho("lib/libomp.dylib", macho_libomp("@rpath/libomp.dylib"));
  macho("lib/libmiddle.dylib", {.id = "@rpath/libmiddle.dylib", .loads = {"@rpath/libomp.dylib"}});
  macho("a.so", {.type = 8, .loads = {"@rpath/libmiddle.dylib"}, .rpaths = {"@loader_path/lib"}});
  EXPECT_THAT(paths(scan({"a.so"})), ElementsAre(at("lib/libomp.dylib")));
}

TEST_F(ScanTest, OnePartOfAFatFileIsEnough) {
  write(folder / "a.so", make_fat({{x86_64, make_macho({.cpu = x86_64, .type = 8, .defined = {"f"}})},
                                   {arm64, make_macho({.type = 8, .loads = {"@loader_path/libomp.dylib"}})}},
                                  false));
  write(folder / "libomp.dylib", make_fat({{arm64, make_macho(macho_libomp("@rpath/libomp.dylib"))}}, true));
  options.arch = "arm64";
  EXPECT_EQ(scan({"a.so"}).verdict, Verdict::one);
  options.arch = "x86_64";
  EXPECT_EQ(scan({"a.so"}).verdict, Verdict::none);
}

TEST_F(ScanTest, ThirtyTwoBitMachOIsRead) {
  MachoSpec spec = macho_libomp("@rpath/libomp.dylib", 7);
  spec.is64 = false;
  macho("libomp.dylib", spec);
  macho("a.so", {.cpu = 7, .type = 8, .loads = {"@loader_path/libomp.dylib"}, .is64 = false});
  EXPECT_EQ(scan({"a.so"}).runtimes.size(), 1U);
}

}  // namespace scan_test
