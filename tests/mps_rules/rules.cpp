#include "mps_rules/rules.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

namespace runner::test::mps {
namespace {

struct State {
  std::mutex mutex;
  Seen seen;
  std::optional<std::thread::id> first_thread;
  std::optional<std::thread::id> inside;  // the thread that is in an operator
  std::optional<std::int64_t> reads_in_step;
  std::string wrong_op;
  std::function<void(at::Tensor&)> damage;
};

State& state() {
  static State the_state;
  return the_state;
}

thread_local int depth = 0;
thread_local bool is_autograds = false;

// With the lock held.
[[noreturn]] void broken_locked(const std::string& what) {
  state().seen.broken.push_back(what);
  throw Broken(what);
}

[[noreturn]] void broken(const std::string& what) {
  const std::lock_guard lock(state().mutex);
  broken_locked(what);
}

bool on_main_thread() {
  return ::gettid() == ::getpid();
}

}  // namespace

void no_float64(at::ScalarType type) {
  if (type == at::kDouble || type == at::kComplexDouble)
    broken("MPS rule: no float64: the device has no such type");
}

void first_use_on_the_main_thread() {
  const std::lock_guard lock(state().mutex);
  if (state().first_thread) return;
  if (!on_main_thread()) broken_locked("MPS rule: first use on the main thread: it came from another");
  state().first_thread = std::this_thread::get_id();
}

void one_thread(const std::string& op) {
  const std::lock_guard lock(state().mutex);
  const auto self = std::this_thread::get_id();
  if (self != state().first_thread && !is_autograds)
    broken_locked("MPS rule: one thread: " + op + " came from another thread than the first");
  if (state().inside && state().inside != self)
    broken_locked("MPS rule: one thread: " + op + " began while another thread was in an operator");
  state().inside = self;
}

void no_linear() {
  broken("MPS rule: no linear: addmm takes its place");
}

void known_operator(const std::string& op) {
  const char* fallback = std::getenv("PYTORCH_ENABLE_MPS_FALLBACK");
  if (mps_has(op) || (fallback != nullptr && std::string(fallback) == "1")) return;
  broken("MPS rule: no operator outside MPS's list: " + op + " (and PYTORCH_ENABLE_MPS_FALLBACK is not 1)");
}

void one_read_a_step(const std::string& op) {
  const std::lock_guard lock(state().mutex);
  ++state().seen.reads;
  if (state().reads_in_step && ++*state().reads_in_step > 1)
    broken_locked("MPS rule: one read a step, of its figures: " + op + " read once more");
}

Use::Use(const std::string& op) : outermost_(depth == 0) {
  if (outermost_) {
    first_use_on_the_main_thread();
    one_thread(op);
  }
  ++depth;
}

Use::~Use() {
  if (--depth > 0) return;
  const std::lock_guard lock(state().mutex);
  state().inside.reset();
}

void this_is_autograds_thread() {
  is_autograds = !on_main_thread();
}

Step::Step() {
  const std::lock_guard lock(state().mutex);
  state().reads_in_step = 0;
}

Step::~Step() {
  const std::lock_guard lock(state().mutex);
  state().reads_in_step.reset();
}

Seen seen() {
  const std::lock_guard lock(state().mutex);
  return state().seen;
}

void note_operator(const std::string& op) {
  const std::lock_guard lock(state().mutex);
  ++state().seen.operators[op];
}

void forget() {
  const std::lock_guard lock(state().mutex);
  state().seen = {};
  state().first_thread.reset();
}

WrongResults::WrongResults(const std::string& op, std::function<void(at::Tensor&)> damage) {
  const std::lock_guard lock(state().mutex);
  state().wrong_op = op;
  state().damage = std::move(damage);
}

WrongResults::~WrongResults() {
  const std::lock_guard lock(state().mutex);
  state().wrong_op.clear();
}

void damage_result(const std::string& op, at::Tensor& result) {
  std::function<void(at::Tensor&)> damage;
  {
    const std::lock_guard lock(state().mutex);
    if (state().wrong_op != op) return;
    damage = state().damage;
  }
  damage(result);
}

bool mps_has(const std::string& op) {
  static const std::set<std::string> known = [] {
    std::set<std::string> names;
    std::ifstream file(RUNNER_SOURCE_DIR "/tests/mps_rules/operators.txt");
    for (std::string line; std::getline(file, line);)
      if (!line.empty() && line[0] != '#') names.insert(line);
    if (names.empty()) throw std::runtime_error("tests/mps_rules/operators.txt cannot be read");
    return names;
  }();
  return known.count(op) > 0;
}

}  // namespace runner::test::mps
