#pragma once
// What the command line knows of a job: its options, without loading its plug-in.

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/atomic_file.h"
#include "base/output.h"
#include "config/binder.h"
#include "config/common_options.h"
#include "contract/arguments.h"
#include "worker/launch/launch.h"

namespace runner::jobs {

// A job's option struct behind one interface. The struct derives from config::CommonOptions; its folder's
// options.h declares two functions beside it: declare(Binder&, T&), and check(const T&) for conflicts between
// keys; take_over(Binder&, T&) where input files tell values of keys, and
// refine(LaunchRequest&, const T&) where options decide how it is launched.
class JobOptions {
 public:
  virtual ~JobOptions() = default;
  virtual void declare_all(config::Binder& b) = 0;
  virtual std::vector<config::Problem> conflicts() const = 0;  // place "" : filled in from the key's origin
  virtual config::CommonOptions& common() = 0;
  virtual std::string device() const = 0;  // "" for a job without one
  // What these options change about the launch, such as the parts that it runs in.
  virtual void refine_launch(runtime::LaunchRequest&) const {}
  // Values that the job's input files tell, in place of defaults; contradictions of those that were given.
  virtual std::vector<config::Problem> take_over_values(config::Binder&) { return {}; }
};

// A flag that is no configuration.
struct Argument {
  const char* flag;  // "--max-steps"
  // true when given; a number, 1 or more; a text
  std::variant<bool Arguments::*, std::int64_t Arguments::*, std::optional<std::string> Arguments::*> member;
  const char* help;
  const char* without_value = nullptr;  // of a text whose flag may stand alone: what it means then
};

// The plug-ins, by what they load; jobs/CMakeLists.txt builds them.
namespace plugins {
constexpr const char* torch = "librunner_train";
constexpr const char* faiss = "librunner_index";
constexpr const char* both = "librunner_smoke";
}  // namespace plugins

// The halves of a job that needs both libraries, in workers of their own.
inline runtime::Part torch_part() {
  return {"torch", plugins::torch};
}
inline runtime::Part faiss_part() {
  return {"faiss", plugins::faiss};
}

// The command, its job, its plug-in, and what `runner doctor` looks at.
struct JobType {
  const char* name;        // "train"
  const char* plugin;      // "librunner_train"
  const char* usage;       // for `runner --help`: "CONFIG [flags]"
  const char* brief;       // the same: one line, without a capital and a full stop
  const char* summary;     // for its own --help, where that says more than `brief`; else nullptr
  const char* positional;  // "CONFIG", a key that the positional argument sets ("index"), or "" for none
  const char* example;     // for --help
  std::vector<Argument> arguments;
  // The parts that can run apart, when two OpenMP runtimes must not meet: name and plug-in of each.
  std::vector<runtime::Part> parts;
  std::unique_ptr<JobOptions> (*make)();
  // What the key `output` names, and whether OUTPUT.manifest.json is written beside it (base/output.h).
  OutputKind output = OutputKind::file;
  bool manifest_beside = false;
  // Its plug-in takes Arguments::dry_run; the launcher says what it knows of the others.
  bool plans = false;
};

std::string summary_of(const JobType& type);  // a sentence

template <class T>
class JobOptionsOf final : public JobOptions {
 public:
  void declare_all(config::Binder& b) override {
    config::declare(b, static_cast<config::CommonOptions&>(options));
    declare(b, options);
  }
  std::vector<config::Problem> conflicts() const override { return check(options); }
  config::CommonOptions& common() override { return options; }
  std::string device() const override {
    if constexpr (requires { options.device; }) return options.device;
    return "";
  }
  void refine_launch(runtime::LaunchRequest& request) const override {
    if constexpr (requires { refine(request, options); }) refine(request, options);
  }
  std::vector<config::Problem> take_over_values(config::Binder& b) override {
    if constexpr (requires { take_over(b, options); }) return take_over(b, options);
    return {};
  }
  T options;
};

// Worker side: an output whose name held {timestamp} is a file of its own, counted on when another run of the
// same second has it.
IfTaken if_taken(const JobContext& context);

// Worker side: the configuration as YAML, with the name that the output got, for its manifest.
std::string with_output(JobOptions& options, const Json& values, const std::string& output);

// Worker side: fills T with the launcher's values. Throws UsageError.
void fill(JobOptions& options, const Json& values);

template <class T>
T options_of(const JobContext& context) {
  JobOptionsOf<T> options;
  fill(options, context.values);
  return options.options;
}

}  // namespace runner::jobs
