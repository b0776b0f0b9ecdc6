// The worker: loads exactly one plug-in, checks what came with it, runs the job, reports.
#include "worker/launch/worker.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <new>
#include <optional>

#include "base/error.h"
#include "base/json_reason.h"
#include "base/json_text.h"
#include "base/last_words.h"
#include "base/limits.h"
#include "base/signals.h"
#include "base/status.h"
#include "base/version.h"
#include "environment/contention.h"
#include "openmp_scan/verdict/verdict.h"
#include "ranks/speaker.h"
#include "worker/launch/libraries.h"
#include "worker/launch/lifeline.h"
#include "worker/launch/worker_request.h"
#include "worker/processes/process.h"
#include "worker/supervise/stack_handlers.h"

namespace runner::runtime {
namespace {

using RunFunction = void (*)(const JobContext&, JobResult&);
using VersionFunction = const char* (*)();

void attach(const WorkerRequest& request, int request_fd) {
  // Processes that the job starts must not hold these.
  for (const int fd :
       {request_fd, request.status_fd, request.stacks_fd, request.result_fd, request.lifeline_fd})
    if (fd >= 0) close_on_exec(fd);
  if (request.status_fd >= 0) status::attach(request.status_fd);
  if (request.stacks_fd >= 0) install_stack_handlers(request.stacks_fd);
  if (request.lifeline_fd >= 0) die_with_launcher(request.lifeline_fd);
}

void* load(const std::string& plugin) {
  status::set_phase("load " + std::filesystem::path(plugin).stem().string());
  void* handle = ::dlopen(plugin.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    throw EnvironmentError(std::string("cannot load the plug-in: ") + ::dlerror() +
                               "; `runner doctor` shows what it needs, `scripts/setup.sh` installs it",
                           plugin);
  const auto version_of = reinterpret_cast<VersionFunction>(::dlsym(handle, "runner_plugin_version"));
  if (version_of == nullptr || std::strcmp(version_of(), version()) != 0)
    throw EnvironmentError(
        fmt::format("the plug-in is of version {}, the program of {}: install both together",
                    version_of == nullptr ? "unknown" : version_of(), version()),
        plugin);
  return handle;
}

void check_loaded(const WorkerRequest& request, JobContext& context) {
  const Loaded loaded = look_after_loading(request.plugin);
  for (const std::string& difference : loaded.differences) spdlog::warn("after loading: {}", difference);
  context.launch.loaded = loaded.libraries;
  context.launch.differences = loaded.differences;
  context.launch.openblas_core = loaded.openblas_core;
  const std::string slow = judge_openblas_core(loaded.openblas_core, cpu_has_avx512());
  if (!slow.empty()) spdlog::warn("{}", slow);
  status::set_libraries(json_message(loaded.libraries));
}

// libtorch's messages end in a C++ stack, which helps nobody but its authors.
std::string without_backtrace(const std::string& message) {
  const std::size_t stack = std::min(message.find("\nException raised from "), message.find("\nframe #"));
  if (stack != std::string::npos) spdlog::debug("{}", message.substr(stack + 1));
  return message.substr(0, stack);
}

// A library's message, with the shell's limit where that is what it ran into.
std::string in_words(const std::string& message) {
  const std::string text = without_json_number(without_backtrace(message));
  const bool no_memory =
      text.find("allocate memory") != std::string::npos || text.find("bad_alloc") != std::string::npos;
  const std::string limit = no_memory ? memory_limit() : "";
  return limit.empty() ? text : text + "; " + limit;
}

WorkerOutcome failure(ExitCode code, const std::string& message, const std::string& place) {
  // Being stopped is no error, though the exit code tells it.
  const bool stopped = code == ExitCode::interrupted || code == ExitCode::terminated;
  spdlog::log(stopped ? spdlog::level::warn : spdlog::level::err, "{}",
              place.empty() ? message : place + ": " + message);
  WorkerOutcome outcome;
  outcome.result.exit_code = static_cast<int>(code);
  outcome.error = error_record(static_cast<int>(code), message, place);
  return outcome;
}

WorkerOutcome failure(const Error& error) {
  WorkerOutcome outcome = failure(error.code(), error.what(), error.place());
  outcome.error = error_record(error);
  return outcome;
}

// What others compute on this machine: how much it took from this run, or would take from the one planned.
void add_contention(const JobContext& context, JobResult& result) {
  if (!result.result.is_object()) return;
  if (!context.arguments.dry_run) {
    if (const auto share = contention_so_far()) result.result["cpu_share_lost"] = *share;
    return;
  }
  const Load load = measure_load();
  const int threads = std::max(1, context.launch.threads);
  double free_s = 0;
  if (const auto time = result.result.find("seconds"); time != result.result.end() && time->is_number())
    free_s = *time;
  result.result["slowdown_now"] = slowdown(load, threads);
  const std::string line = beside_load(load, threads, free_s);
  if (line.empty()) return;
  if (!result.summary.empty() && result.summary.back() != '\n') result.summary += '\n';
  result.summary += line + '\n';
}

WorkerOutcome run(const WorkerRequest& request) {
  try {
    JobContext context = request.context;
    void* plugin = load(request.plugin);
    catch_stop_signals();  // UCX, which Debian 13's libtorch brings, takes SIGHUP as it loads
    check_loaded(request, context);
    const auto job = reinterpret_cast<RunFunction>(::dlsym(plugin, "runner_plugin_run"));
    if (job == nullptr) throw EnvironmentError("the plug-in has no runner_plugin_run", request.plugin);
    status::set_phase("start " + context.job);
    WorkerOutcome outcome;
    job(context, outcome.result);
    status::set_phase("report");
    add_contention(context, outcome.result);
    return outcome;
  } catch (const Error& error) {
    return failure(error);
  } catch (const std::bad_alloc&) {
    const std::string limit = memory_limit();
    return failure(
        ExitCode::failed,
        "out of memory; a smaller batch_size or shard needs less" + (limit.empty() ? "" : "; " + limit),
        status::page().phase);
  } catch (const std::exception& error) {
    return failure(ExitCode::failed, in_words(error.what()), status::page().phase);
  } catch (...) {
    return failure(ExitCode::failed, "an exception of an unknown kind", status::page().phase);
  }
}

void tell(const WorkerRequest& request, const WorkerOutcome& outcome) {
  if (request.result_fd >= 0)
    write_all(request.result_fd, json_message(outcome));
  else
    print_outcome(outcome, request.context.json);
}

// This process, where it is a rank other than 0 of a job that has ranks.
std::optional<ranks::RankPlace> follower_of(const WorkerRequest& request) {
  const bool has_ranks = request.context.job == "train" || request.context.job == "eval";
  if (!has_ranks || request.context.arguments.dry_run) return std::nullopt;
  auto place = ranks::rank_place(current_environment());
  return place && !place->leads() ? place : std::nullopt;
}

}  // namespace

int worker_main(int request_fd) {
  const WorkerRequest request = read_request(request_fd);
  set_colour_mode(request.colour);
  setup_logging(request.verbosity);
  if (const auto follower = follower_of(request)) ranks::say_errors_only(*follower);
  catch_stop_signals();
  // In a group of its own, the worker would be stopped for writing to a terminal under `stty tostop`.
  if (request.status_fd >= 0) std::signal(SIGTTOU, SIG_IGN);
  attach(request, request_fd);
  watch_contention();
  set_last_words(
      [request](const std::string& message) { tell(request, failure(ExitCode::failed, message, "")); });
  const WorkerOutcome outcome = run(request);
  stop_watching_contention();
  tell(request, outcome);
  return outcome.result.exit_code;
}

}  // namespace runner::runtime
