#include "environment/bootstrap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace runner::runtime {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Kind = Decision::Action;

BootstrapFacts plain() {
  BootstrapFacts facts;
  facts.share = {2, "2 cores"};
  facts.uses_torch = true;
  return facts;
}

const Decision* find_decision(const std::vector<Decision>& decisions, const std::string& name) {
  for (const Decision& decision : decisions)
    if (decision.name == name) return &decision;
  return nullptr;
}

struct Row {
  const char* what;
  const char* name;
  const char* inherited;  // nullptr: unset
  void (*change)(BootstrapFacts&, BootstrapOptions&);
  Kind action;
  const char* value;
  const char* warning;  // part of it; "" for none
};

void nothing(BootstrapFacts&, BootstrapOptions&) {}
void second_pool(BootstrapFacts& f, BootstrapOptions&) {
  f.second_pool = "OpenBLAS-pthread (/lib/libopenblas.so.0)";
}
void foreign(BootstrapFacts& f, BootstrapOptions&) {
  f.foreign = true;
}
void asks_for_mps(BootstrapFacts& f, BootstrapOptions&) {
  f.device = "mps";
}
void auto_on_macos(BootstrapFacts& f, BootstrapOptions&) {
  f.device = "auto", f.macos = true;
}
void keep_dynamic(BootstrapFacts&, BootstrapOptions& o) {
  o.keep = {"OMP_DYNAMIC"};
}

void keep_spins(BootstrapFacts&, BootstrapOptions& o) {
  o.keep = {"GOMP_SPINCOUNT"};
}

class BootstrapTable : public testing::TestWithParam<Row> {};

TEST_P(BootstrapTable, DecidesAsDocumented) {
  const Row& row = GetParam();
  BootstrapFacts facts = plain();
  BootstrapOptions options;
  row.change(facts, options);
  Environment inherited;
  if (row.inherited != nullptr) inherited[row.name] = row.inherited;
  const std::vector<Decision> decisions = decide_environment(inherited, options, facts);
  const Decision* decision = find_decision(decisions, row.name);
  ASSERT_NE(decision, nullptr);
  EXPECT_EQ(decision->action, row.action) << to_string(decision->action);
  EXPECT_EQ(decision->value, row.value);
  EXPECT_THAT(decision->reason, Not(IsEmpty()));
  if (*row.warning == '\0')
    EXPECT_THAT(decision->warning, IsEmpty());
  else
    EXPECT_THAT(decision->warning, HasSubstr(row.warning));
  const Environment after = apply_decisions(inherited, decisions);
  EXPECT_EQ(after.contains(row.name) ? after.at(row.name) : "", row.value);
}

INSTANTIATE_TEST_SUITE_P(
    Bootstrap, BootstrapTable,
    testing::Values(
        Row{"seat_belt", "KMP_DUPLICATE_LIB_OK", nullptr, nothing, Kind::set, "TRUE", ""},
        Row{"seat_belt_empty", "KMP_DUPLICATE_LIB_OK", "", nothing, Kind::set, "TRUE", ""},
        Row{"seat_belt_in_another_spelling", "KMP_DUPLICATE_LIB_OK", "yes", nothing, Kind::kept, "yes", ""},
        Row{"seat_belt_refused_by_the_user", "KMP_DUPLICATE_LIB_OK", "FALSE", nothing, Kind::kept, "FALSE",
            "134"},
        Row{"dynamic_unset", "OMP_DYNAMIC", nullptr, nothing, Kind::set, "FALSE", ""},
        Row{"dynamic_true", "OMP_DYNAMIC", "true", nothing, Kind::overridden, "FALSE", "for ever"},
        Row{"dynamic_false", "OMP_DYNAMIC", "0", nothing, Kind::kept, "0", ""},
        Row{"dynamic_nonsense", "OMP_DYNAMIC", "maybe", nothing, Kind::overridden, "FALSE", "replaced"},
        Row{"dynamic_kept", "OMP_DYNAMIC", "TRUE", keep_dynamic, Kind::kept, "TRUE", "for ever"},
        Row{"wait_policy_with_one_pool", "OMP_WAIT_POLICY", nullptr, nothing, Kind::unset, "", ""},
        Row{"wait_policy_with_two_pools", "OMP_WAIT_POLICY", nullptr, second_pool, Kind::set, "passive", ""},
        Row{"wait_policy_active_with_two_pools", "OMP_WAIT_POLICY", "active", second_pool, Kind::kept,
            "active", "87"},
        Row{"wait_policy_passive_by_the_user", "OMP_WAIT_POLICY", "PASSIVE", second_pool, Kind::kept,
            "PASSIVE", ""},
        Row{"wait_policy_active_by_the_user", "OMP_WAIT_POLICY", "active", nothing, Kind::kept, "active",
            "third"},
        Row{"gomp_spins_are_short", "GOMP_SPINCOUNT", nullptr, nothing, Kind::set, "1000", ""},
        Row{"gomp_spins_in_foreign_programs", "GOMP_SPINCOUNT", nullptr, foreign, Kind::set, "1000", ""},
        Row{"gomp_spins_with_two_pools", "GOMP_SPINCOUNT", nullptr, second_pool, Kind::unset, "", ""},
        Row{"gomp_spins_shorter_by_the_user", "GOMP_SPINCOUNT", "0", nothing, Kind::kept, "0", ""},
        Row{"gomp_spins_longer_by_the_user", "GOMP_SPINCOUNT", "100000", nothing, Kind::kept, "100000",
            "third"},
        Row{"gomp_spins_for_ever", "GOMP_SPINCOUNT", "INFINITY", nothing, Kind::kept, "INFINITY", "third"},
        Row{"gomp_spins_kept_unset", "GOMP_SPINCOUNT", nullptr, keep_spins, Kind::unset, "", ""},
        Row{"libomp_sleeps_at_once", "KMP_BLOCKTIME", nullptr, nothing, Kind::set, "0", ""},
        Row{"libomp_by_the_user", "KMP_BLOCKTIME", "200", nothing, Kind::kept, "200", "third"},
        Row{"libomp_for_ever", "KMP_BLOCKTIME", "infinite", nothing, Kind::kept, "infinite", "third"},
        Row{"libomp_with_two_pools", "KMP_BLOCKTIME", nullptr, second_pool, Kind::unset, "", ""},
        Row{"numba_in_foreign_programs", "NUMBA_THREADING_LAYER", nullptr, foreign, Kind::set, "workqueue",
            ""},
        Row{"numba_by_the_user", "NUMBA_THREADING_LAYER", "omp", foreign, Kind::kept, "omp", "libomp"},
        Row{"mps_fallback", "PYTORCH_ENABLE_MPS_FALLBACK", nullptr, asks_for_mps, Kind::set, "1", ""},
        Row{"mps_fallback_for_auto_on_macos", "PYTORCH_ENABLE_MPS_FALLBACK", nullptr, auto_on_macos,
            Kind::set, "1", ""},
        Row{"mps_fallback_refused", "PYTORCH_ENABLE_MPS_FALLBACK", "0", asks_for_mps, Kind::kept, "0",
            "ends the run"},
        Row{"malloc", "MALLOC_MMAP_THRESHOLD_", nullptr, nothing, Kind::set, "1073741824", ""},
        Row{"malloc_by_the_user", "MALLOC_TRIM_THRESHOLD_", "4096", nothing, Kind::kept, "4096", ""},
        Row{"cache_size", "OPENBLAS_L2_SIZE", "1048576", nothing, Kind::kept, "1048576", ""}),
    [](const auto& row) { return std::string(row.param.what); });

// What the user says about waiting in general goes for both runtimes.
TEST(Bootstrap, AWaitPolicyOfTheUserLeavesTheSpinsToIt) {
  for (const char* policy : {"passive", "active"}) {
    const auto decisions = decide_environment({{"OMP_WAIT_POLICY", policy}}, {}, plain());
    for (const char* name : {"GOMP_SPINCOUNT", "KMP_BLOCKTIME"}) {
      const Decision* decision = find_decision(decisions, name);
      ASSERT_NE(decision, nullptr);
      EXPECT_EQ(decision->action, Kind::unset) << name << " with " << policy;
    }
  }
}

// OpenBLAS-openmp waits for ever for threads beyond OMP_THREAD_LIMIT.
TEST(Bootstrap, NoPoolIsLargerThanTheThreadLimit) {
  BootstrapFacts facts = plain();
  facts.share = {8, "8 cores"};
  const auto threads = [&](Environment user, const char* name, BootstrapOptions options = {}) {
    user["OMP_THREAD_LIMIT"] = "3";
    const auto decisions = decide_environment(user, options, facts);
    return *find_decision(decisions, name);
  };
  for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}) {
    EXPECT_EQ(threads({}, name).value, "3") << name;
    EXPECT_EQ(threads({}, name).warning, "") << name;
    const Decision replaced = threads({{name, "5"}}, name);
    EXPECT_EQ(replaced.value, "3") << name;
    EXPECT_EQ(replaced.action, Kind::overridden) << name;
    EXPECT_THAT(replaced.warning, HasSubstr("OMP_THREAD_LIMIT=3"));
    EXPECT_EQ(threads({{name, "2"}}, name).value, "2") << name;
  }
  BootstrapOptions options;
  options.threads = "6";
  EXPECT_EQ(threads({}, "OMP_NUM_THREADS", options).value, "3");
  options.keep = {"OPENBLAS_NUM_THREADS"};
  const Decision left = threads({{"OPENBLAS_NUM_THREADS", "5"}}, "OPENBLAS_NUM_THREADS", options);
  EXPECT_EQ(left.value, "5");
  EXPECT_THAT(left.warning, HasSubstr("for ever"));
}

TEST(Bootstrap, LeavesOutWhatDoesNotApply) {
  const auto decisions = decide_environment({}, {}, plain());
  for (const char* name : {"NUMBA_THREADING_LAYER", "PYTORCH_ENABLE_MPS_FALLBACK", "OPENBLAS_CORETYPE",
                           "OPENBLAS_L2_SIZE", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS"})
    EXPECT_EQ(find_decision(decisions, name), nullptr) << name;
}

TEST(Bootstrap, LeavesMallocToTheUsersTunables) {
  const auto decisions = decide_environment({{"GLIBC_TUNABLES", "glibc.malloc.arena_max=2"}}, {}, plain());
  EXPECT_EQ(find_decision(decisions, "MALLOC_MMAP_THRESHOLD_"), nullptr);
  EXPECT_EQ(find_decision(decisions, "GLIBC_TUNABLES")->action, Kind::kept);
}

TEST(Bootstrap, LeavesMallocAloneWithoutLibtorch) {
  BootstrapFacts facts = plain();
  facts.uses_torch = false;
  EXPECT_EQ(find_decision(decide_environment({}, {}, facts), "MALLOC_TRIM_THRESHOLD_"), nullptr);
}

TEST(Bootstrap, ExplainsEveryDecision) {
  const auto decisions = decide_environment({{"OMP_DYNAMIC", "TRUE"}}, {}, plain());
  const std::string text = explain(decisions);
  for (const Decision& decision : decisions) EXPECT_THAT(text, HasSubstr(decision.name));
  EXPECT_THAT(text, HasSubstr("overridden OMP_DYNAMIC=FALSE"));
  EXPECT_THAT(text, HasSubstr("(was TRUE)"));
  EXPECT_THAT(text, HasSubstr("warning: OMP_DYNAMIC=TRUE is replaced"));
  const Json json = to_json(decisions);
  ASSERT_EQ(json.size(), decisions.size());
  EXPECT_EQ(json[1]["previous"], "TRUE");
  EXPECT_EQ(json[1]["action"], "overridden");
}

TEST(Bootstrap, DoesNotTouchOtherVariables) {
  const Environment inherited{{"PATH", "/bin"}, {"HOME", "/home/user"}};
  const Environment after = apply_decisions(inherited, decide_environment(inherited, {}, plain()));
  EXPECT_EQ(after.at("PATH"), "/bin");
  EXPECT_EQ(after.at("HOME"), "/home/user");
}

}  // namespace
}  // namespace runner::runtime
