#include "worker/exec/other_programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace runner::runtime {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

std::vector<Decision> two_decisions() {
  Decision set{"A", "it's", std::nullopt, Decision::Action::set, "", ""};
  Decision over{"B", "1", "2", Decision::Action::overridden, "", ""};
  Decision kept{"C", "3", "3", Decision::Action::kept, "", ""};
  Decision unset{"D", "", std::nullopt, Decision::Action::unset, "", ""};
  return {set, over, kept, unset};
}

TEST(ExportLines, QuoteForEachShellAndLeaveOutWhatStays) {
  EXPECT_EQ(export_lines(two_decisions(), "sh"), "export A='it'\\''s';\nexport B='1';\n");
  EXPECT_EQ(export_lines(two_decisions(), "fish"), "set -gx A 'it\\'s';\nset -gx B '1';\n");
  EXPECT_EQ(export_lines(two_decisions(), "python"),
            "import os  # before numpy, torch, faiss or numba are imported\nos.environ['A'] = 'it\\'s'\n"
            "os.environ['B'] = '1'\n");
  EXPECT_THROW(export_lines(two_decisions(), "csh"), UsageError);
}

TEST(LikelyBlas, FindsTheSystemsAndThoseOfWheels) {
  const test::TemporaryFolder folder;
  const auto wheel =
      folder.write("venv/lib/python3.11/site-packages/numpy.libs/libscipy_openblas64_-6bb3.so", "");
  folder.write("venv/lib/python3.11/site-packages/numpy.libs/libgfortran-1.so", "");
  const auto system = folder.write("usr/lib/x86_64-linux-gnu/libblas.so.3", "");
  EXPECT_THAT(likely_blas({}, "", folder.path()), ElementsAre(system));
  EXPECT_THAT(likely_blas({{"VIRTUAL_ENV", (folder / "venv").string()}}, "", folder.path()),
              ElementsAre(wheel, system));
}

TEST(LikelyBlas, FindsThoseOfAnEnvironmentThatIsNotActive) {
  const test::TemporaryFolder folder;
  const auto wheel =
      folder.write("venv/lib/python3.11/site-packages/numpy.libs/libscipy_openblas64_-6bb3.so", "");
  const auto python = folder.write("base/bin/python3", "");
  std::filesystem::permissions(python, std::filesystem::perms::owner_all);
  std::filesystem::create_directories(folder / "venv/bin");
  std::filesystem::create_symlink(python, folder / "venv/bin/python");
  EXPECT_THAT(likely_blas({}, (folder / "venv/bin/python").string(), folder.path()), ElementsAre(wheel));
  EXPECT_THAT(likely_blas({{"PATH", (folder / "venv/bin").string()}}, "python", folder.path()),
              ElementsAre(wheel));
  EXPECT_THAT(likely_blas({{"PATH", (folder / "base/bin").string()}}, "python", folder.path()),
              ElementsAre());
}

TEST(Foreign, GetsNumbaAndThreadsButNoMallocSettings) {
  std::vector<std::string> names;
  for (const Decision& decision : decide_for_foreign({{"PATH", "/bin"}}, {})) names.push_back(decision.name);
  EXPECT_THAT(names, Contains("NUMBA_THREADING_LAYER"));
  EXPECT_THAT(names, Contains("NUMEXPR_NUM_THREADS"));
  EXPECT_THAT(names, Not(Contains("MALLOC_TRIM_THRESHOLD_")));
}

}  // namespace
}  // namespace runner::runtime
