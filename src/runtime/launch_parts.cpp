#include "runtime/launch_parts.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "base/error.h"
#include "base/log.h"

namespace runner::runtime {
namespace {

namespace fs = std::filesystem;

// A folder that the parts share, removed at the end.
class ExchangeFolder {
 public:
  ExchangeFolder() {
    const char* variable = std::getenv("TMPDIR");
    const fs::path folder = variable != nullptr && *variable != '\0' ? variable : "/tmp";
    std::string path = (folder / "runner-parts-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr)
      throw_errno("cannot create a folder for the parts (TMPDIR says where)", path);
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

int run_parts(const WorkerPlan& plan, const std::vector<Part>& parts) {
  const ExchangeFolder exchange;
  std::vector<JobResult> results;
  for (const Part& part : parts) {
    spdlog::info("part {}: in a worker of its own", part.name);
    WorkerPlan own = plan;
    own.plugin = plugin_file(part.plugin).string();
    own.context.arguments["part"] = part.name;
    own.context.arguments["exchange"] = exchange.path();
    WorkerOutcome outcome;
    const int code = run_worker(own, &outcome);
    if (!outcome.error.is_null() || code != 0) {
      // A job that misses a gate has a result; anything else has an error.
      print_outcome(outcome, plan.context.json);
      return code;
    }
    results.push_back(outcome.result);
  }
  print_outcome({merge(results), nullptr}, plan.context.json);
  return 0;
}

}  // namespace runner::runtime
