#include "cli/resume.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/shell_quote.h"
#include "config/resolve.h"
#include "openmp_scan/scan.h"
#include "worker/launch/outcome.h"
#include "worker/launch/paths.h"
#include "worker/processes/process.h"

namespace runner::cli {
namespace fs = std::filesystem;

namespace {

const std::string placeholder = "{timestamp}";

// As `{timestamp}` is filled in: 20261129_113005, with _2 and so on behind it for others of the same second.
using Stamp = std::tuple<std::string, int>;

bool digits(const std::string& text) {
  return !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
}

std::optional<Stamp> parse_stamp(const std::string& text) {
  if (text.size() < 15 || !digits(text.substr(0, 8)) || text[8] != '_' || !digits(text.substr(9, 6)))
    return std::nullopt;
  if (text.size() == 15) return Stamp{text, 1};
  if (text[15] != '_' || !digits(text.substr(16))) return std::nullopt;
  return Stamp{text.substr(0, 15), std::stoi(text.substr(16))};
}

struct FoundRun {
  Stamp stamp;
  fs::path folder;
};

// The folders that `pattern` may have named, the newest first.
std::vector<FoundRun> runs_named(const std::string& pattern) {
  const std::size_t at = pattern.find(placeholder);
  const std::size_t start = pattern.rfind('/', at) == std::string::npos ? 0 : pattern.rfind('/', at) + 1;
  const std::size_t end = std::min(pattern.find('/', at), pattern.size());
  const std::string head = pattern.substr(start, at - start);
  const std::string tail = pattern.substr(at + placeholder.size(), end - at - placeholder.size());
  const std::string rest = end < pattern.size() ? pattern.substr(end + 1) : "";
  std::vector<FoundRun> runs;
  std::error_code error;
  const fs::path parent = start == 0 ? fs::path(".") : fs::path(pattern.substr(0, start));
  for (fs::directory_iterator it(parent, error), last; !error && it != last; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.size() < head.size() + tail.size() || !name.starts_with(head) || !name.ends_with(tail)) continue;
    const auto stamp = parse_stamp(name.substr(head.size(), name.size() - head.size() - tail.size()));
    std::error_code ignored;
    if (!stamp || it->is_symlink(ignored)) continue;
    fs::path folder = start == 0 ? fs::path(name) : parent / name;
    if (!rest.empty()) folder /= rest;
    if (fs::is_directory(folder, ignored)) runs.push_back({*stamp, folder});
  }
  std::sort(runs.begin(), runs.end(), [](const FoundRun& a, const FoundRun& b) { return a.stamp > b.stamp; });
  return runs;
}

bool has_checkpoint(const fs::path& run) {
  std::error_code error;
  for (fs::directory_iterator it(run / "checkpoints", error), end; !error && it != end; it.increment(error))
    if (it->path().filename().string().starts_with("step-")) return true;
  return false;
}

// "runner" where the shell finds this very program by that name; else its path, from here if it is below.
std::string program_name() {
  const fs::path program = runtime::program_path();
  std::error_code error;
  if (fs::equivalent(runtime::find_program("runner", runtime::current_environment()), program, error))
    return "runner";
  const fs::path relative = fs::relative(program, error);
  const bool below = !error && !relative.empty() && *relative.begin() != "..";
  if (!below) return shell_quoted(program.string());
  return shell_quoted(relative.has_parent_path() ? relative.string() : "./" + relative.string());
}

}  // namespace

std::string pasteable(int argc, char** argv) {
  std::string text = "runner";
  for (int i = 0; i < argc; ++i) text += " " + shell_quoted_without_secrets(argv[i]);
  return text;
}

std::string resume_command(int argc, char** argv) {
  std::string text = program_name();
  for (int i = 0; i < argc; ++i) {
    const std::string word = argv[i], next = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--resume" || word.starts_with("--resume=") || word.starts_with("--output=") ||
        word.starts_with("--set=output="))
      continue;
    if (word == "--output" || (word == "--set" && next.starts_with("output="))) {
      ++i;
      continue;
    }
    text += " " + shell_quoted_without_secrets(word);
  }
  return text;
}

void continue_newest_run(config::Binder& binder) {
  config::Field* output = binder.find("output");
  if (output == nullptr) return;
  const std::string pattern = config::field_text(*output);
  if (pattern.find(placeholder) == std::string::npos) return;
  const auto runs = runs_named(pattern);
  for (const FoundRun& run : runs) {
    const std::optional<Manifest> manifest = runtime::settle_outcome(run.folder);
    if (manifest && (manifest->is_running() || manifest->has_ended())) continue;
    if (!has_checkpoint(run.folder)) continue;
    const std::string origin = output->origin;
    config::set_field_text(*output, run.folder.string());
    output->origin = origin;
    spdlog::info("--resume: {} is the newest unfinished run of {}", run.folder.string(), pattern);
    return;
  }
  throw UsageError(
      fmt::format("no unfinished run of this name has a checkpoint to go on from ({} {} of {} found); "
                  "start a new run without --resume, or name a run's folder: --resume=DIR",
                  runs.size(), runs.size() == 1 ? "run" : "runs", pattern),
      "--resume");
}

}  // namespace runner::cli
