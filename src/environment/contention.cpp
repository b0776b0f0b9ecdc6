#include "environment/contention.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "base/log.h"
#include "base/progress.h"
#include "base/time.h"
#include "environment/cgroup.h"
#include "environment/cpu_limits.h"

namespace runner::runtime {
namespace {

namespace fs = std::filesystem;

using Clock = std::chrono::steady_clock;

constexpr double worth_saying = 0.1;
constexpr double shortest_s = 1;  // shares of less are noise
constexpr auto look_interval = std::chrono::seconds(5);

// /proc/stat: cpu user nice system idle iowait irq softirq steal …, in ticks.
bool read_machine(const fs::path& root, CpuTimes& times) {
  std::ifstream in(root / "proc/stat");
  std::string cpu;
  double user, nice, system, idle, waiting, irq, soft, steal;
  if (!(in >> cpu >> user >> nice >> system >> idle >> waiting >> irq >> soft >> steal)) return false;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  times.busy = (user + nice + system + irq + soft + steal) / ticks;
  times.stolen = steal / ticks;
  return true;
}

// Others' threads that are running or ready, now; one of those counted is this thread.
std::optional<double> running_threads() {
  std::ifstream in("/proc/stat");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("procs_running ")) return std::max(0.0, std::atof(line.c_str() + 14) - 1);
  return std::nullopt;
}

}  // namespace

std::optional<CpuTimes> CpuClock::read() {
  CpuTimes times;
  if (!read_machine(root_, times)) return std::nullopt;
  std::error_code error;
  bool known = false;
  for (const auto& task : fs::directory_iterator(root_ / "proc/self/task", error)) {
    double ran, waited;  // nanoseconds
    if (!(std::ifstream(task.path() / "schedstat") >> ran >> waited)) continue;
    threads_[task.path().filename()] = {ran * 1e-9, waited * 1e-9};
    known = known || ran > 0;
  }
  if (!known) return std::nullopt;
  for (const auto& [id, thread] : threads_) {
    times.ran += thread.ran;
    times.waited += thread.waited;
  }
  times.throttled = cgroup_throttled(root_);
  return times;
}

Contention contention_between(const CpuTimes& before, const CpuTimes& after, double seconds) {
  const double ran = after.ran - before.ran, waited = after.waited - before.waited;
  const double stolen = after.stolen - before.stolen, busy = after.busy - before.busy;
  Contention found;
  found.quota = after.throttled - before.throttled > 0.01 * seconds;
  const bool idle = ran + waited < 0.05 * seconds;
  const bool alone = busy - ran < 0.05 * seconds && !found.quota;
  if (idle || alone) return {};
  // Of what is stolen from the machine, this process's part; the kernel counts it as time that it ran.
  const double own_stolen = busy > 0 ? stolen * std::min(1.0, ran / busy) : 0;
  found.stolen = own_stolen > waited;
  found.share = std::clamp((waited + own_stolen) / (ran + waited), 0.0, 1.0);
  return found;
}

std::string describe(const Contention& contention) {
  const char* cause = contention.quota    ? "the control group's CPU quota is used up"
                      : contention.stolen ? "the host gives this virtual machine's cores to others"
                                          : "other processes compute on these cores";
  return fmt::format("{}: {:.0f} % of this run's computing time goes into waiting for a core", cause,
                     contention.share * 100);
}

namespace {

class Watch {
 public:
  Watch() : first_(clock_.read()), start_(Clock::now()), last_(first_), last_time_(start_) {
    if (first_) std::thread([this] { look_on(); }).detach();
  }

  std::optional<double> so_far() {
    const std::lock_guard lock(mutex_);
    const double seconds = since(start_);
    const auto now = first_ ? clock_.read() : std::nullopt;
    if (!now || seconds < shortest_s) return std::nullopt;
    const Contention all = contention_between(*first_, *now, seconds);
    if (all.share >= worth_saying) say(all);
    return all.share;
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    said_ = true;
  }

 private:
  static double since(Clock::time_point then) { return seconds_since(then); }

  void look_on() {
    for (;;) {
      std::this_thread::sleep_for(look_interval);
      const std::lock_guard lock(mutex_);
      const auto now = said_ ? std::nullopt : clock_.read();
      if (!now) return;
      const Contention lately = contention_between(*last_, *now, since(last_time_));
      if (before_ >= worth_saying && lately.share >= worth_saying) say(lately);
      before_ = lately.share;
      last_ = now;
      last_time_ = Clock::now();
    }
  }

  void say(const Contention& contention) {
    if (!said_) spdlog::warn("{}", describe(contention));
    said_ = true;
  }

  std::mutex mutex_;
  CpuClock clock_;
  std::optional<CpuTimes> first_;
  Clock::time_point start_;
  std::optional<CpuTimes> last_;
  Clock::time_point last_time_;
  double before_ = 0;
  bool said_ = false;
};

Watch& the_watch() {
  static auto* const watch = new Watch;  // its thread looks at it until the process is gone
  return *watch;
}

}  // namespace

void watch_contention() {
  the_watch();
}

std::optional<double> contention_so_far() {
  return the_watch().so_far();
}

void stop_watching_contention() {
  the_watch().stop();
}

Load measure_load() {
  Load load{0, machine_cores()};
  constexpr int looks = 16;
  for (int i = 0; i < looks; ++i) {
    const auto running = running_threads();
    if (!running) {
      double average = 0;
      load.threads = ::getloadavg(&average, 1) == 1 ? average : 0;
      return load;
    }
    load.threads += *running / looks;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return load;
}

double slowdown(const Load& load, int threads) {
  return std::max(1.0, (load.threads + threads) / load.cores);
}

std::string beside_load(const Load& load, int threads, double seconds) {
  const double factor = slowdown(load, threads);
  if (factor < 1 + worth_saying) return "";
  const std::string beside =
      seconds > 0 ? fmt::format(", beside them about {}", format_duration(seconds * factor)) : "";
  return fmt::format("busy      others compute with {:.1f} threads on {} cores{}", load.threads, load.cores,
                     beside);
}

}  // namespace runner::runtime
