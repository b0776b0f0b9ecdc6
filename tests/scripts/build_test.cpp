// What a build is: the same bytes wherever it is made, and a list of what went into it.

#include <gmock/gmock.h>

#include <set>

#include "base/json.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::StartsWith;

TEST(Build, NamesNoFolderOfItsOwn) {
  std::size_t looked_at = 0;
  for (const auto& entry : fs::directory_iterator(RUNNER_BUILD_DIR)) {
    const std::string name = entry.path().filename().string();
    if (name != "runner" && !name.starts_with("librunner_")) continue;
    ++looked_at;
    const std::string bytes = file_contents(entry.path());
    for (const char* folder : {RUNNER_BUILD_DIR, RUNNER_SOURCE_DIR})
      EXPECT_EQ(bytes.find(folder), std::string::npos) << name << " names " << folder;
  }
  EXPECT_GE(looked_at, 3U);
}

TEST(Sbom, ListsWhatIsLinkedAndWhatIsCompiledInEachOnce) {
  if (!has_program("dpkg-query")) GTEST_SKIP() << "no Debian";
  ProgramOptions options;
  options.environment = {{"SOURCE_DATE_EPOCH", "0"}};
  const ProgramResult written =
      run_program({RUNNER_SOURCE_DIR "/scripts/sbom.sh", RUNNER_BUILD_DIR}, options);
  ASSERT_EQ(written.exit_code, 0) << written.err;
  const Json sbom = Json::parse(written.out);
  EXPECT_EQ(sbom["bomFormat"], "CycloneDX");
  EXPECT_EQ(sbom["metadata"]["timestamp"], "1970-01-01T00:00:00Z");
  std::set<std::string> names;
  for (const Json& component : sbom["components"]) {
    EXPECT_TRUE(names.insert(component["name"]).second) << component["name"] << " stands there twice";
    EXPECT_NE(component["version"], "");
    EXPECT_THAT(component["purl"].get<std::string>(), StartsWith("pkg:deb/debian/"));
  }
  for (const char* name : {"libc6", "libyaml-cpp", "libtorch", "nlohmann-json3-dev"})
    EXPECT_THAT(names, Contains(StartsWith(name)));
}

}  // namespace
}  // namespace runner::test
