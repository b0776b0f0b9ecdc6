// environment.openmp with two real copies of libomp, through the real launcher.
#include <fstream>

#include "openmp_scan/real_copies.h"
#include "worker/launch_fixture.h"

namespace runner::runtime {
namespace {

namespace fs = std::filesystem;
using scan_test::run;
using testing::HasSubstr;
using testing::Not;

// A plug-in that computes with the OpenMP runtimes of the libraries it needs, and says how many copies are
// mapped.
constexpr const char* plugin_source = R"(
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
const char* runner_plugin_version(void) { return VERSION; }
static int copies(void) {
  char line[4096]; int n = 0;
  FILE* maps = fopen("/proc/self/maps", "r");
  while (fgets(line, sizeof line, maps)) if (strstr(line, "/libomp") && strstr(line, "r-xp")) ++n;
  fclose(maps);
  return n;
}
void runner_plugin_run(const void* context, void* result) {
  (void)context, (void)result;
  const char* libraries[] = {LIBRARIES};
  for (unsigned i = 0; i < sizeof libraries / sizeof *libraries; ++i) {
    void* library = dlopen(libraries[i], RTLD_NOW);
    int (*compute)(void) = (int (*)(void))dlsym(library, "compute");
    printf("computed %d, copies of libomp: %d\n", compute(), copies());
  }
})";

// The host and its plug-ins in a folder of their own: plug-ins lie beside the program.
class TwoRuntimes : public LaunchTest {
 protected:
  void SetUp() override {
    LaunchTest::SetUp();
    copies_ = scan_test::make_real_copies(folder_);
    if (!copies_.missing.empty()) GTEST_SKIP() << copies_.missing;
    fs::create_directory(folder_ / "tests");
    fs::copy_file(fs::path(RUNNER_BUILD_DIR) / "tests/worker_host", folder_ / "tests/worker_host");
    fs::create_symlink(fs::path(RUNNER_BUILD_DIR) / "librunner_core.so", folder_ / "librunner_core.so");
    std::ofstream(folder_ / "plugin.c") << plugin_source;
    plugin("librunner_a", {copies_.liba});
    plugin("librunner_b", {copies_.libb});
    plugin("librunner_both", {copies_.liba, copies_.libb});
    plugin("librunner_by_path", {copies_.liba, copies_.libb}, false);
  }

  // `linked`: the plug-in needs the libraries; else it loads them by path, which no scan can foresee.
  void plugin(const std::string& name, const std::vector<fs::path>& libraries, bool linked = true) {
    std::string list;
    for (const fs::path& library : libraries) list += "\"" + library.string() + "\",";
    std::vector<std::string> command = {"cc",
                                        "-shared",
                                        "-fPIC",
                                        "-Wl,--no-as-needed",
                                        "-o",
                                        (folder_ / "tests" / (name + ".so")).string(),
                                        (folder_ / "plugin.c").string(),
                                        "-DVERSION=\"" RUNNER_VERSION "\"",
                                        "-DLIBRARIES=" + list};
    if (linked)
      for (const fs::path& library : libraries) command.push_back(library.string());
    const auto outcome = run(command);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  }

  HostRun launch(const std::string& policy, bool parts, const std::string& prefix = "",
                 const std::string& plugin = "librunner_both") const {
    Json request{{"plugin", plugin}, {"openmp", policy}};
    if (parts)
      request["parts"] = Json::array({Json::array({"a", "librunner_a"}), Json::array({"b", "librunner_b"})});
    return Host(request, "-u KMP_DUPLICATE_LIB_OK " + prefix, folder_ / "tests/worker_host").wait();
  }

  scan_test::RealCopies copies_;
};

TEST_F(TwoRuntimes, AbortWithoutTheBootstrap) {
  const auto outcome = run({copies_.host, copies_.liba, copies_.libb});
  EXPECT_EQ(outcome.exit_code, 134);
  EXPECT_THAT(outcome.output, HasSubstr("OMP: Error #15"));
}

TEST_F(TwoRuntimes, ForbidRefusesBeforeLoadingAndNamesBothPaths) {
  for (const bool parts : {false, true}) {
    const HostRun run = launch("forbid", parts);
    EXPECT_EQ(run.code, 4) << run.err;
    EXPECT_THAT(run.err, HasSubstr(copies_.one.string()));
    EXPECT_THAT(run.err, HasSubstr(copies_.two.string()));
    EXPECT_EQ(run.out, "");
  }
}

TEST_F(TwoRuntimes, AllowRunsWithTheSeatBeltAndWarns) {
  const HostRun run = launch("allow", true);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("copies of libomp: 2"));
  EXPECT_THAT(run.err, HasSubstr("warning"));
}

TEST_F(TwoRuntimes, IsolateRunsThePartsWithOneCopyAProcess) {
  const HostRun run = launch("isolate", true);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, "computed 2, copies of libomp: 1\ncomputed 2, copies of libomp: 1\n");
}

TEST_F(TwoRuntimes, IsolateRefusesTwoCopiesInsideOnePlugin) {
  const HostRun run = launch("isolate", false);
  EXPECT_EQ(run.code, 4);
  EXPECT_THAT(run.err, HasSubstr(copies_.two.string()));
}

TEST_F(TwoRuntimes, IsolateCannotKeepAPreloadedCopyApart) {
  const HostRun run = launch("isolate", true, "LD_PRELOAD=" + copies_.two.string());
  EXPECT_EQ(run.code, 4) << run.err;
  EXPECT_THAT(run.err, HasSubstr("preload"));
}

TEST_F(TwoRuntimes, TheUsersOwnFalseIsKeptAndTheAbortExplainedByWhatWasLoadedThen) {
  const HostRun run = launch("isolate", false, "KMP_DUPLICATE_LIB_OK=FALSE", "librunner_by_path");
  EXPECT_EQ(run.code, 134) << run.err;
  EXPECT_THAT(run.err, HasSubstr("OMP: Error #15"));
  const std::string report = run.err.substr(run.err.find("killed by SIGABRT"));
  EXPECT_THAT(report, HasSubstr(copies_.one.string()));
  EXPECT_THAT(report, HasSubstr(copies_.two.string()));
  EXPECT_THAT(report, HasSubstr("environment.openmp: isolate keeps them apart"));
}

TEST_F(TwoRuntimes, WhatThePluginLoadsByItselfIsADifferenceToTheScan) {
  std::ofstream(folder_ / "plugin.c", std::ios::app)
      << "\n__attribute__((constructor)) static void load(void) { dlopen(\"" << copies_.libb.string()
      << "\", RTLD_NOW); }\n";
  plugin("librunner_surprise", {copies_.liba});
  const HostRun run = launch("isolate", false, "", "librunner_surprise");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("after loading: "));
  EXPECT_THAT(run.err, HasSubstr(copies_.two.string()));
}

}  // namespace
}  // namespace runner::runtime
