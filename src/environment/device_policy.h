#pragma once
// What a device allows: the rules of PyTorch's MPS backend as one pure function. From measurements of that
// backend: 3 threads in nn.Module code crash (with MPS_FORCE_GRAPH_PATH=1 3 pass and 4 crash, so 2 stays the
// limit), raw tensor operations are safe at 8, 8 processes work, and `linear` crashes from 2 threads on where
// `addmm` does not.

namespace runner::runtime {

enum class DeviceKind { cpu, mps, cuda };
const char* to_string(DeviceKind kind);

enum class LinearKernel { linear, addmm };

struct DevicePolicy {
  int processes = 1;       // data parallel processes
  int module_threads = 1;  // threads in each that may run nn.Module code
  LinearKernel linear = LinearKernel::linear;
  bool initialise_on_main_thread = false;
  bool one_submitting_thread = false;  // all work for the device comes from one thread
  bool held_against_cpu = false;       // known to compute wrongly without an error: a run begins with a look
};

constexpr int mps_module_threads = 2;

// `parallelism`: how much of the model's work the caller wants at once (>= 1). `force_graph_path`: the
// variable MPS_FORCE_GRAPH_PATH is 1; it does not raise the limit. On MPS, what goes beyond the limit of
// threads becomes processes.
DevicePolicy device_policy(DeviceKind device, int parallelism, bool force_graph_path);

}  // namespace runner::runtime
