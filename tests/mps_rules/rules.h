#pragma once
// What Apple's MPS does not forgive, as rules that a test device enforces (device.cpp), and what that device
// has seen.

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace runner::test::mps {

// A broken rule. Thrown out of the operator that broke it, and kept in Seen: a caller may swallow it.
class Broken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The rules, each of which throws Broken.
void no_float64(at::ScalarType type);
// Operators come from the thread of the first one, and from the one that libtorch's autograd keeps for the
// device, which works while the first waits in backward(). Never from two at once.
void one_thread(const std::string& op);
void first_use_on_the_main_thread();
void no_linear();
// In MPS's list (operators.txt), or PYTORCH_ENABLE_MPS_FALLBACK is 1.
void known_operator(const std::string& op);
// Inside a Step the host reads once: the figures, all together.
void one_read_a_step(const std::string& op);

// Brackets what an operator does; operators within it are the device's own. Applies the rules of threads.
class Use {
 public:
  explicit Use(const std::string& op);
  ~Use();
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  bool outermost() const { return outermost_; }

 private:
  bool outermost_;
};
// Tells that the calling thread is autograd's.
void this_is_autograds_thread();

// A training step, for the rule of reads.
class Step {
 public:
  Step();
  ~Step();
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
};

struct Seen {
  std::map<std::string, std::int64_t> operators;  // "addmm.out" -> how often
  std::int64_t reads = 0;                         // of values, by the host
  std::vector<std::string> broken;
};
Seen seen();
void note_operator(const std::string& op);
// As if nothing had ever used the device: the next use is the first.
void forget();

// While it lives, results of `op` are changed by `damage` before anybody sees them.
class WrongResults {
 public:
  WrongResults(const std::string& op, std::function<void(at::Tensor&)> damage);
  ~WrongResults();
  WrongResults(const WrongResults&) = delete;
  WrongResults& operator=(const WrongResults&) = delete;
};
// Changes a result, a tensor on the CPU, where it is to be wrong.
void damage_result(const std::string& op, at::Tensor& result);

// MPS's operators, "addmm.out".
bool mps_has(const std::string& op);

}  // namespace runner::test::mps
