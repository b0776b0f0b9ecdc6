// From the request to the result: what the worker gets, prints and returns.
#include <algorithm>

#include "worker/launch_fixture.h"

namespace runner::runtime {
namespace {

using testing::HasSubstr;
using testing::Not;

Json request(const std::string& what, Json more = Json::object()) {
  Json r{{"arguments", {{"do", what}}}};
  r.merge_patch(more);
  return r;
}

TEST(Worker, PrintsTheSummaryAndNothingElse) {
  const HostRun run = run_host(request("report"));
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, "test: passed\npart both\n");
}

TEST(Worker, PrintsOneJsonObjectWhenAsked) {
  const HostRun run = run_host(request("report", {{"json", true}, {"config", "job: test\nname: \"ä\"\n"}}));
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1);
  EXPECT_EQ(run.last_line()["config"], "job: test\nname: \"ä\"\n");
}

TEST(Worker, HasTheDecidedEnvironmentFromItsStart) {
  const HostRun run = run_host(
      request("report",
              {{"json", true},
               {"threads", "1"},
               {"arguments",
                {{"environment",
                  {"KMP_DUPLICATE_LIB_OK", "OMP_DYNAMIC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}}}}}),
      "-u KMP_DUPLICATE_LIB_OK -u OMP_NUM_THREADS -u OPENBLAS_NUM_THREADS OMP_DYNAMIC=true");
  ASSERT_EQ(run.code, 0) << run.err;
  const Json got = run.last_line()["environment"];
  EXPECT_EQ(got["KMP_DUPLICATE_LIB_OK"], "TRUE");
  EXPECT_EQ(got["OMP_DYNAMIC"], "FALSE");
  EXPECT_EQ(got["OMP_NUM_THREADS"], "1");
  EXPECT_EQ(got["OPENBLAS_NUM_THREADS"], "1");
  EXPECT_THAT(run.err, HasSubstr("OMP_DYNAMIC=true is replaced"));
}

TEST(Worker, GetsForTheManifestWhatWasDecidedScannedAndLoaded) {
  const Json launch = run_host(request("report", {{"json", true}, {"threads", "1"}})).last_line()["launch"];
  EXPECT_EQ(launch["threads"], 1);
  EXPECT_EQ(launch["openmp"], "isolate");
  EXPECT_TRUE(launch["environment"].is_array());
  EXPECT_TRUE(launch["scan"].contains("verdict"));
  EXPECT_TRUE(launch["loaded"].contains("runtimes"));
  EXPECT_TRUE(launch["differences"].empty()) << launch["differences"];
}

TEST(Worker, RunsInPlaceWithoutSupervision) {
  const HostRun run = run_host(request("report", {{"supervise", false}}));
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("test: passed"));
  EXPECT_EQ(run_host(request("kill", {{"supervise", false}})).code, 134);
}

TEST(Worker, ExplainsTheEnvironmentOnStderr) {
  const HostRun run = run_host(request("report", {{"explain_env", true}}), "-u KMP_DUPLICATE_LIB_OK");
  EXPECT_EQ(run.out, "test: passed\npart both\n");
  EXPECT_THAT(run.err, HasSubstr("KMP_DUPLICATE_LIB_OK=TRUE"));
  EXPECT_THAT(run.err, HasSubstr("a seat belt, not a repair"));
}

struct Failure {
  const char* what;
  int code;
  const char* message;
};

class WorkerFailure : public testing::TestWithParam<Failure> {};

TEST_P(WorkerFailure, HasItsCodeAndOneMessage) {
  const HostRun run = run_host(request(GetParam().what, {{"json", true}}));
  EXPECT_EQ(run.code, GetParam().code) << run.err;
  EXPECT_THAT(run.err, HasSubstr(GetParam().message));
  const Json error = run.last_line()["error"];
  EXPECT_EQ(error["code"], GetParam().code);
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr(GetParam().message));
  EXPECT_TRUE(error.contains("place"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, WorkerFailure,
                         testing::Values(Failure{"data error", 3, "row 3 is not finite"},
                                         Failure{"out of memory", 1, "out of memory"},
                                         Failure{"unknown", 1, "unknown kind"},
                                         Failure{"torch error", 1, "bad shape"}),
                         [](const auto& f) {
                           std::string name = f.param.what;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

TEST(Worker, LeavesLibtorchsOwnStackOutOfTheMessage) {
  EXPECT_THAT(run_host(request("torch error")).err, Not(HasSubstr("Exception raised from")));
}

TEST(Worker, AMissedGateHasAResultAndItsCode) {
  const HostRun run = run_host(request("gate", {{"json", true}}));
  EXPECT_EQ(run.code, 5);
  EXPECT_EQ(run.last_line()["part"], "both");
}

TEST(Worker, AMissingPluginIsAnEnvironmentError) {
  const HostRun run = run_host(request("report", {{"plugin", "librunner_absent"}}));
  EXPECT_EQ(run.code, 4);
  EXPECT_THAT(run.err, HasSubstr("librunner_absent.so: this plug-in is not installed"));
}

TEST(Worker, APluginThatCannotBeLoadedIsAnEnvironmentError) {
  const HostRun run = run_host(request("report", {{"plugin", "librunner_broken_plugin"}, {"json", true}}));
  EXPECT_EQ(run.code, 4);
  EXPECT_THAT(run.err, HasSubstr("a_function_that_nobody_defines"));
  EXPECT_EQ(run.last_line()["error"]["code"], 4);
}

}  // namespace
}  // namespace runner::runtime
