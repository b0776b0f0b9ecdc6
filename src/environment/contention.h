#pragma once
// What others take of the cores that this process computes on.

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace runner::runtime {

// Counters, in seconds.
struct CpuTimes {
  double ran = 0;        // of this process's threads together
  double waited = 0;     // they were ready to run, and the core was somebody else's
  double throttled = 0;  // processes of this control group were stopped: its quota was used up
  double busy = 0;       // of all cores of the machine, with `stolen`
  double stolen = 0;     // the hypervisor gave the core to another machine
};

// Reads the counters of /proc. `root` is prefixed to it: tests give a made-up tree.
class CpuClock {
 public:
  explicit CpuClock(std::filesystem::path root = "/") : root_(std::move(root)) {}
  // Nothing where the system does not tell (macOS, a kernel without CONFIG_SCHED_INFO).
  std::optional<CpuTimes> read();

 private:
  struct Thread {
    double ran = 0, waited = 0;
  };
  std::filesystem::path root_;
  std::map<std::string, Thread> threads_;  // those that have ended keep what they had
};

// What a process lost between two readings.
struct Contention {
  double share = 0;  // of the time that its threads wanted to compute, 0 to 1
  bool quota = false;
  bool stolen = false;
};
// Nothing is lost to others when there are none: a process with more threads than cores makes itself wait.
Contention contention_between(const CpuTimes& before, const CpuTimes& after, double seconds);
// "other processes compute on these cores: 41 % of this run's computing time was spent waiting for one"
std::string describe(const Contention& contention);

// Watches this process from a thread of its own, from the first call on, and says once when a tenth or more
// is lost for ten seconds.
void watch_contention();
// The share lost since then; says it when it is a tenth or more and nothing was said yet. Nothing when it is
// not known, or too short a time.
std::optional<double> contention_so_far();
void stop_watching_contention();  // nothing is said from here on: before the process ends

// What others compute on this machine now.
struct Load {
  double threads = 0;  // of others, that ran or were ready to, on average
  int cores = 1;       // of the machine
};
Load measure_load();  // takes a third of a second
// How many times as long as on a free machine a run of so many threads takes beside them; 1: they leave it
// its cores.
double slowdown(const Load& load, int threads);
// A line for `runner plan`: what `seconds` on a free machine become beside that load; "" when it makes no
// difference.
std::string beside_load(const Load& load, int threads, double seconds);

}  // namespace runner::runtime
