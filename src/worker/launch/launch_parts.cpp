#include "worker/launch/launch_parts.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <sstream>

#include "base/error.h"
#include "base/log.h"
#include "worker/launch/paths.h"

namespace runner::runtime {
namespace {

namespace fs = std::filesystem;

// FILE.parts.<process>.XXXXXX: the process; 0 for any other name.
pid_t launcher_of(const std::string& name, const std::string& file) {
  const std::string head = file + ".parts.";
  if (!name.starts_with(head)) return 0;
  const std::string pid = name.substr(head.size(), name.find('.', head.size()) - head.size());
  const bool digits = std::all_of(pid.begin(), pid.end(), [](unsigned char c) { return std::isdigit(c); });
  return digits && !pid.empty() && pid.size() < 10 ? static_cast<pid_t>(std::stol(pid)) : 0;
}

// Removes what killed launchers left beside the file.
void remove_stale_folders(const fs::path& folder, const std::string& file) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const pid_t launcher = launcher_of(it->path().filename().string(), file);
    if (launcher == 0 || ::kill(launcher, 0) == 0 || errno != ESRCH) continue;
    spdlog::info("{}: left by process {}, which was killed; removed", it->path().string(), launcher);
    std::error_code ignored;
    fs::remove_all(it->path(), ignored);
  }
}

// A folder that the parts share, removed at the end: FILE.parts.… so that what goes over it is on the disk
// that the result goes to; without a file one in TMPDIR.
class ExchangeFolder {
 public:
  explicit ExchangeFolder(const fs::path& beside) {
    const char* variable = std::getenv("TMPDIR");
    const fs::path temporary = variable != nullptr && *variable != '\0' ? variable : "/tmp";
    std::string path = (temporary / "runner-parts-XXXXXX").string();
    if (!beside.empty()) {
      const fs::path folder = beside.has_parent_path() ? beside.parent_path() : fs::path(".");
      std::error_code error;
      fs::create_directories(folder, error);
      remove_stale_folders(folder, beside.filename().string());
      path = beside.string() + ".parts." + std::to_string(::getpid()) + ".XXXXXX";
    }
    if (::mkdtemp(path.data()) == nullptr)
      throw_errno(beside.empty() ? "cannot create a folder for the parts (TMPDIR says where)"
                                 : "cannot create a folder for the parts",
                  path);
    path_ = path;
  }
  ~ExchangeFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ExchangeFolder(const ExchangeFolder&) = delete;
  ExchangeFolder& operator=(const ExchangeFolder&) = delete;
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

void merge_into(Json& into, const Json& from) {
  if (into == from) return;  // a part that reports what it took over from another
  if (into.is_object() && from.is_object()) {
    for (const auto& [key, value] : from.items()) {
      if (into.contains(key))
        merge_into(into[key], value);
      else
        into[key] = value;
    }
  } else if (into.is_array() && from.is_array()) {
    for (const Json& item : from) into.push_back(item);
  } else {
    into = from;
  }
}

}  // namespace

JobResult merge(const std::vector<JobResult>& results) {
  JobResult merged;
  std::vector<std::string> lines;
  for (const JobResult& result : results) {
    merge_into(merged.result, result.result);
    merged.exit_code = std::max(merged.exit_code, result.exit_code);
    std::istringstream in(result.summary);
    const auto earlier = static_cast<std::ptrdiff_t>(lines.size());  // said by other parts
    for (std::string line; std::getline(in, line);)
      if (std::find(lines.begin(), lines.begin() + earlier, line) == lines.begin() + earlier)
        lines.push_back(line);
  }
  merged.summary = fmt::format("{}", fmt::join(lines, "\n"));
  return merged;
}

int run_parts(const WorkerPlan& plan, const std::vector<Part>& parts, const fs::path& exchange_beside) {
  const ExchangeFolder exchange(exchange_beside);
  std::vector<JobResult> results;
  for (const Part& part : parts) {
    spdlog::info("part {}: in a worker of its own", part.name);
    WorkerPlan own = plan;
    own.plugin = plugin_file(part.plugin).string();
    own.context.arguments.part = part.name;
    own.context.arguments.exchange = exchange.path();
    WorkerOutcome outcome;
    const int code = run_worker(own, &outcome);
    if (outcome.error || code != 0) {
      // A job that misses a gate has a result; anything else has an error.
      print_outcome(outcome, plan.context.json);
      return code;
    }
    results.push_back(outcome.result);
  }
  print_outcome({merge(results), std::nullopt}, plan.context.json);
  return 0;
}

}  // namespace runner::runtime
