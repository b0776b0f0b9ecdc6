#include "contract/manifest.h"

#include <gmock/gmock.h>

#include "support/temporary_folder.h"

namespace runner {
namespace {

Manifest example_manifest() {
  JobContext context;
  context.job = "index";
  context.arguments.force = true;
  context.launch.resume = "runner train x.yaml";
  context.config = "job: index\n";
  return {context, "nightly"};
}

TEST(Manifest, StartsAsRunningAndTellsWhatWasLaunched) {
  const Manifest manifest = example_manifest();
  EXPECT_TRUE(manifest.is_running());
  EXPECT_FALSE(manifest.has_ended());
  std::vector<std::string> keys;
  for (const auto& [key, value] : manifest.contents().items()) keys.push_back(key);
  EXPECT_THAT(keys, testing::ElementsAre("job", "name", "started", "outcome", "runner", "arguments", "launch",
                                         "config"));
  EXPECT_EQ(manifest.contents()["arguments"].dump(), R"({"force":true})");
}

TEST(Manifest, ComesBackFromItsFileWithWhatTheJobAdded) {
  const test::TemporaryFolder folder;
  Manifest manifest = example_manifest();
  manifest.set("inputs", std::vector<InputRecord>{{"v.npz", 10, "0123456789abcdef"}});
  manifest.set("settings", {{"factory", "Flat"}});
  manifest.finish("finished");
  const std::filesystem::path file = manifest_beside(folder / "x.index");
  EXPECT_EQ(file.filename(), "x.index.manifest.json");
  manifest.write(file);
  const Manifest back = Manifest::read(file);
  EXPECT_EQ(back.job(), "index");
  EXPECT_EQ(back.name(), "nightly");
  EXPECT_EQ(back.started(), manifest.started());
  EXPECT_TRUE(back.has_ended());
  EXPECT_EQ(hashes_of(back.inputs()), std::vector<std::string>{"0123456789abcdef"});
  EXPECT_EQ(back.settings(), (Json{{"factory", "Flat"}}));
  EXPECT_EQ(back.resume(), "runner train x.yaml");
}

// A folder may hold anything under that name.
TEST(Manifest, IsNothingWhereNoneCanBeRead) {
  const test::TemporaryFolder folder;
  EXPECT_FALSE(Manifest::read_if_valid(folder / "absent.json").has_value());
  EXPECT_FALSE(Manifest::read_if_valid(folder.path()).has_value());
  EXPECT_FALSE(Manifest::read_if_valid(folder.write("half.json", "{\"job\": \"tr")).has_value());
  const auto other =
      Manifest::read_if_valid(folder.write("other.json", R"({"inputs": [1, {"path": 2}], "outcome": 3})"));
  ASSERT_TRUE(other.has_value());
  EXPECT_EQ(other->outcome(), "");
  EXPECT_EQ(hashes_of(other->inputs()), (std::vector<std::string>{"", ""}));
  EXPECT_EQ(other->resume(), "");
}

}  // namespace
}  // namespace runner
