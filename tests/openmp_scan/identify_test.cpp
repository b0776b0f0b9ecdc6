// Telling runtimes and BLAS pools by symbols, names and constants.
#include <cstdlib>

#include "openmp_scan/binaries/library_names.h"
#include "openmp_scan/fixture.h"

namespace scan_test {

using namespace runner::runtime;

namespace {
std::vector<std::string> with_own_functions(std::vector<std::string> symbols, int own) {
  for (int i = 0; i < own; ++i) symbols.push_back("solver_step_" + std::to_string(i));
  return symbols;
}
}  // namespace

TEST(RuntimeByName, KnowsRenamedCopiesAndNotTheNeighbours) {
  EXPECT_EQ(runtime_by_name("libgomp-a34b3233.so.1"), RuntimeKind::libgomp);
  EXPECT_EQ(runtime_by_name("libgomp.so.1.0.0"), RuntimeKind::libgomp);
  EXPECT_EQ(runtime_by_name("libomp.dylib"), RuntimeKind::libomp);
  EXPECT_EQ(runtime_by_name("libomp140.x86_64.dylib"), RuntimeKind::libomp);
  EXPECT_EQ(runtime_by_name("libiomp5.so"), RuntimeKind::libiomp5);
  EXPECT_EQ(runtime_by_name("libiomp5-deadbeef.so"), RuntimeKind::libiomp5);
  for (const char* other :
       {"libomptarget.so.14", "libgomp-plugin-nvptx.so.1", "libompd.so", "libopenblas.so.0"})
    EXPECT_FALSE(runtime_by_name(other)) << other;
}

TEST_F(ScanTest, AStaticCopyIsToldFromTheLibraryItself) {
  elf("libsolver.so", {.soname = "libsolver.so", .defined = with_own_functions(llvm_symbols(), 50)});
  elf("libwhatever.so", {.soname = "libwhatever.so", .defined = llvm_symbols()});
  const auto solver = scan({"libsolver.so"}), renamed = scan({"libwhatever.so"});
  ASSERT_EQ(solver.runtimes.size(), 1U);
  EXPECT_TRUE(solver.runtimes[0].is_static);
  ASSERT_EQ(renamed.runtimes.size(), 1U);
  EXPECT_FALSE(renamed.runtimes[0].is_static);
  EXPECT_EQ(scan({"libsolver.so", "libwhatever.so"}).verdict, Verdict::duplicate);
}

TEST_F(ScanTest, AHiddenStaticCopyIsToldByItsConstants) {
  elf("libhidden.so", {.defined = {"solve"},
                       .undefined = {"pthread_create"},
                       .constants = std::string("x\0__KMP_REGISTERED_LIB_%d_%d\0", 30)});
  elf("libhiddengnu.so", {.defined = {"solve"},
                          .undefined = {"pthread_create"},
                          .constants = std::string("GOMP_SPINCOUNT\0libgomp: \0", 26)});
  elf("libcaller.so", {.defined = {"solve"},
                       .undefined = {"pthread_create"},
                       .constants = std::string("KMP_DUPLICATE_LIB_OK\0GOMP_SPINCOUNT\0", 37)});
  const auto hidden = scan({"libhidden.so"});
  ASSERT_EQ(hidden.runtimes.size(), 1U);
  EXPECT_EQ(hidden.runtimes[0].kind, RuntimeKind::libomp);
  EXPECT_TRUE(hidden.runtimes[0].is_static);
  ASSERT_EQ(scan({"libhiddengnu.so"}).runtimes.size(), 1U);
  EXPECT_TRUE(scan({"libcaller.so"}).runtimes.empty()) << "setting a variable is not being a runtime";
}

TEST_F(ScanTest, ARuntimeLinkedIntoAProgramIsSeen) {
  const std::string gnu = std::string("GOMP_SPINCOUNT\0\nlibgomp: \0", 27);
  elf("dynamic",
      {.needed = {"libc.so.6"}, .undefined = {"pthread_create"}, .constants = gnu, .program = true});
  elf("static", {.constants = gnu, .program = true});
  // As GCC 14's is laid out: longer texts come first.
  const std::string longer = std::string("GOMP_SPINCOUNT = '%lu'\0\nlibgomp: failed to pin\0", 47);
  elf("newer",
      {.needed = {"libc.so.6"}, .undefined = {"pthread_create"}, .constants = longer + gnu, .program = true});
  elf("reader", {.undefined = {"pthread_create"},
                 .constants = std::string("GOMP_SPINCOUNT\0libgomp: Thread creation failed\0", 48),
                 .program = true});
  for (const char* program : {"dynamic", "static", "newer"}) {
    const auto result = scan({program});
    ASSERT_EQ(result.runtimes.size(), 1U) << program;
    EXPECT_EQ(result.runtimes[0].kind, RuntimeKind::libgomp);
    EXPECT_TRUE(result.runtimes[0].is_static);
  }
  EXPECT_TRUE(scan({"reader"}).runtimes.empty()) << "looking for a runtime's messages is not being one";
}

// The real thing, where the compiler brings a libgomp.a.
TEST_F(ScanTest, ARealProgramWithLibgompLinkedInIsSeen) {
  write(folder / "p.c",
        "#include <stdio.h>\nint main(void){int n=0;\n#pragma omp parallel "
        "reduction(+:n)\nn+=1;\nprintf(\"%d\", n);}\n");
  const std::string compile = "cd '" + folder.string() +
                              "' && archive=$(gcc -print-file-name=libgomp.a) && [ -f \"$archive\" ] && "
                              "gcc -fopenmp -c p.c && gcc p.o \"$archive\" -lpthread -ldl -o dynamic && "
                              "gcc -static p.o \"$archive\" -lpthread -ldl -o static && strip static 2>&1";
  if (std::system((compile + " >/dev/null 2>&1").c_str()) != 0) GTEST_SKIP() << "no gcc with a libgomp.a";
  for (const char* program : {"dynamic", "static"}) {
    const auto result = scan({program});
    ASSERT_EQ(result.runtimes.size(), 1U) << program;
    EXPECT_EQ(result.runtimes[0].kind, RuntimeKind::libgomp);
    EXPECT_EQ(result.verdict, Verdict::one);
  }
}

TEST_F(ScanTest, OurOwnFilesHoldNoRuntime) {
  for (const char* own : {"runner", "librunner_core.so"})
    for (const auto& runtime : runner::runtime::scan({fs::path(RUNNER_BUILD_DIR) / own}, options).runtimes)
      EXPECT_FALSE(runtime.is_static) << runtime.path;
}

TEST_F(ScanTest, IntelsRuntimeIsToldFromLlvms) {
  elf("libiomp5.so",
      {.defined = llvm_symbols(), .constants = std::string("@(#) Intel(R) OMP version: 5.0.20230417\0", 41)});
  elf("libiomp5-link.so", {.defined = llvm_symbols(), .constants = std::string("LLVM OMP \0ver. 5.0\0", 19)});
  EXPECT_EQ(scan({"libiomp5.so"}).runtimes.at(0).kind, RuntimeKind::libiomp5);
  EXPECT_EQ(scan({"libiomp5.so"}).runtimes.at(0).version, "5.0.20230417");
  EXPECT_EQ(scan({"libiomp5-link.so"}).runtimes.at(0).kind, RuntimeKind::libomp);
}

TEST_F(ScanTest, OpenBlasThreadsAreToldByWhatItImports) {
  const std::string config = std::string("\0OpenBLAS 0.3.21 DYNAMIC_ARCH\0SkylakeX\0", 40);
  elf("libopenblas.so.0", {.defined = {"openblas_get_config", "cblas_sgemm"},
                           .undefined = {"pthread_create"},
                           .constants = config});
  elf("libopenblas-omp.so", {.defined = {"openblas_get_config"},
                             .undefined = {"GOMP_parallel", "pthread_create"},
                             .constants = config});
  elf("libscipy_openblas64_-5a3d.so", {.defined = {"scipy_openblas_get_config64_"}, .constants = config});
  const auto pthread = scan({"libopenblas.so.0"});
  ASSERT_EQ(pthread.blas.size(), 1U);
  EXPECT_EQ(pthread.blas[0].threads, BlasThreads::pthread);
  EXPECT_EQ(pthread.blas[0].version, "0.3.21");
  EXPECT_TRUE(pthread.blas[0].knows_avx512);
  EXPECT_EQ(pthread.verdict, Verdict::none) << "one pool and no OpenMP runtime";
  EXPECT_EQ(scan({"libopenblas-omp.so"}).blas.at(0).threads, BlasThreads::openmp);
  EXPECT_EQ(scan({"libscipy_openblas64_-5a3d.so"}).blas.at(0).threads, BlasThreads::serial);
}

TEST_F(ScanTest, MklAndBlisAreFoundAsPools) {
  elf("libmkl_tbb_thread.so.2", {.defined = {"mkl_blas_dgemm"}});
  elf("libmkl_rt.so.2", {.defined = {"MKL_Get_Version"}});
  elf("libnumeric.so", {.defined = {"MKL_Get_Version", "numeric"}, .undefined = {"GOMP_parallel"}});
  elf("libblis.so.4", {.defined = {"bli_thread_set_num_threads"}, .undefined = {"pthread_create"}});
  EXPECT_EQ(scan({"libmkl_tbb_thread.so.2"}).blas.at(0).threads, BlasThreads::tbb);
  EXPECT_EQ(scan({"libmkl_rt.so.2"}).blas.at(0).threads, BlasThreads::chosen_at_run_time);
  EXPECT_TRUE(scan({"libnumeric.so"}).blas.at(0).is_static);
  EXPECT_EQ(scan({"libblis.so.4"}).blas.at(0).kind, BlasKind::blis);
}

TEST(RealLibraries, TheSystemsLibgompIsReadThroughItsGnuHash) {
  ScanOptions options;
  options.use_cache = false;
  fs::path path;
  for (const char* candidate :
       {"/usr/lib/x86_64-linux-gnu/libgomp.so.1", "/usr/lib/aarch64-linux-gnu/libgomp.so.1"})
    if (fs::exists(candidate)) path = candidate;
  if (path.empty()) GTEST_SKIP() << "no libgomp.so.1 in Debian's folders";
  const ScanResult result = runner::runtime::scan({path}, options);
  ASSERT_EQ(result.runtimes.size(), 1U);
  EXPECT_EQ(result.runtimes[0].kind, RuntimeKind::libgomp);
  EXPECT_FALSE(result.runtimes[0].is_static);
  EXPECT_EQ(result.runtimes[0].path, fs::canonical(path).string());
}

}  // namespace scan_test
