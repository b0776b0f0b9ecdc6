#include "report/origin_sections.h"

#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/shell_quote.h"
#include "report/html.h"

namespace runner::report {
namespace {

std::string count_of(const Json& object, const char* key) {
  const Json& value = member_in(object, key);
  return value.is_number_integer() ? std::to_string(value.get<std::int64_t>()) : "";
}

std::string bytes_of(const Json& file) {
  const std::int64_t bytes = integer_in(file, "bytes");
  return bytes > 0 ? format_bytes(static_cast<double>(bytes)) : "–";
}

// "libomp.so.5 (llvm)": of what is loaded where that is known, else of what would be.
std::string runtimes_of(const Json& scan) {
  std::string names;
  const Json& runtimes = member_in(scan, "runtimes");
  if (!runtimes.is_array()) return "";
  for (const Json& runtime : runtimes)
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", text_in(runtime, "path"),
                         text_in(runtime, "kind"));
  return names;
}

std::string variables_of(const Json& decisions) {
  std::vector<std::pair<std::string, std::string>> variables;
  if (decisions.is_array())
    for (const Json& one : decisions)
      variables.emplace_back(
          text_in(one, "name"),
          fmt::format("{} ({}): {}", text_in(one, "value"), text_in(one, "action"), text_in(one, "reason")));
  return facts(variables);
}

}  // namespace

std::string data_section(const ReportedRun& run) {
  const Json& data = member_in(run.manifest, "data");
  std::vector<std::vector<std::string>> rows;
  const Json& files = member_in(data, "files");
  if (files.is_array())
    for (const Json& file : files)
      rows.push_back({text_in(file, "path"), bytes_of(file), text_in(file, "xxh64", "–")});
  return section("Data", table({"file", "size", "xxh64"}, rows) +
                             facts({{"kind", text_in(data, "kind")},
                                    {"width", count_of(data, "width")},
                                    {"context", count_of(data, "context")},
                                    {"windows", count_of(data, "windows")},
                                    {"training windows", count_of(data, "training_windows")},
                                    {"validation windows", count_of(data, "validation_windows")},
                                    {"articles", count_of(data, "articles")},
                                    {"validation articles", count_of(data, "validation_articles")}}));
}

std::string configuration_section(const ReportedRun& run) {
  return section("Configuration, with each key's origin", code(run.configuration));
}

std::string environment_section(const ReportedRun& run) {
  const Json& launch = member_in(run.manifest, "launch");
  const Json& scan = member_in(launch, "scan");
  const Json& loaded = member_in(launch, "loaded");
  std::vector<std::pair<std::string, std::string>> pairs{{"runner", text_in(run.manifest, "runner")}};
  const Json& versions = member_in(run.manifest, "versions");
  if (versions.is_object())
    for (const auto& [library, version] : versions.items())
      pairs.emplace_back(library, version.is_string() ? version.get<std::string>() : json_text(version));
  pairs.emplace_back("threads", count_of(launch, "threads"));
  pairs.emplace_back("OpenMP verdict", text_in(loaded, "verdict", text_in(scan, "verdict")));
  pairs.emplace_back("OpenMP policy", text_in(launch, "openmp"));
  pairs.emplace_back("OpenMP runtimes", runtimes_of(loaded.is_object() ? loaded : scan));
  pairs.emplace_back("OpenBLAS kernels", text_in(launch, "openblas_core"));
  return section("Environment", facts(pairs) + variables_of(member_in(launch, "environment")));
}

std::string commands_section(const ReportedRun& run) {
  const Json& launch = member_in(run.manifest, "launch");
  const std::string folder = shell_quoted(run.folder.string());
  std::string lines;
  const auto add = [&lines](const std::string& command, const char* what) {
    if (!command.empty()) lines += fmt::format("# {}\n{}\n", what, command);
  };
  add(text_in(launch, "command"), "the run again");
  if (!text_in(launch, "resume").empty())
    add(text_in(launch, "resume") + " --resume --output " + folder, "go on with it");
  add("runner eval configs/eval_5cat.yaml --model " + folder, "judge its model with 5CAT");
  add("runner runs report " + folder, "this page again, with its evaluations");
  add("runner runs verify " + folder, "are its inputs and files what they were?");
  add("tensorboard --logdir " + shell_quoted((run.folder / "tensorboard").string()),
      "its curves in TensorBoard");
  return section("Commands", code(lines));
}

}  // namespace runner::report
