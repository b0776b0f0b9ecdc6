// Training steps a second of the CPU engine, beside the floor of this machine and a plain libtorch step,
// taken in turns in one process.
//
//   bench_train_step --help
//
// Take OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE out of the environment first: inherited values can halve
// libtorch's sgemm, and with it the floor.

#include <torch/torch.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engines/cpu/bf16/product.h"
#include "engines/cpu/bf16/units.h"
#include "engines/cpu/engine.h"
#include "engines/cpu/model_weights.h"
#include "engines/libtorch/optimizer.h"
#include "step_floor.h"
#include "threads/team.h"

namespace {

using namespace runner;
using lvm::cpu::Shape;

struct Options {
  std::int64_t batch = 32;
  bool bf16 = false, torch = true, profile = false;
  int rounds = 9;
};

// The exit code when there is nothing to measure.
std::optional<int> parse(int argc, char** argv, Options& o) {
  CLI::App app("Training steps of the CPU engine, beside the floor and a plain libtorch step");
  std::string precision = "fp32";
  app.add_option("--batch", o.batch, "samples a step")->check(CLI::Range(1, 65536))->capture_default_str();
  app.add_option("--precision", precision)->check(CLI::IsMember({"fp32", "bf16"}))->capture_default_str();
  app.add_option("--rounds", o.rounds, "steps of each side")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_flag("!--no-torch", o.torch, "leave out the plain libtorch step");
  app.add_flag("--profile", o.profile, "the parts of the engine's step too");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  o.bf16 = precision == "bf16";
  return std::nullopt;
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// mse of raw against target, and its gradient; as the trainer does, on small tensors outside of the engine.
torch::Tensor loss_gradient(const float* raw, const torch::Tensor& target) {
  auto leaf = torch::from_blob(const_cast<float*>(raw), target.sizes()).clone().requires_grad_(true);
  torch::mse_loss(leaf, target).backward();
  return leaf.grad();
}

struct EngineStep {
  lvm::cpu::Engine engine;
  torch::Tensor contexts, target;
  std::int64_t step = 0;
  double forward = 0, loss = 0, backward = 0, update = 0;

  void operator()() {
    const double t0 = now();
    ++step;
    const float* raw = engine.forward(contexts.data_ptr<float>(), contexts.size(0), true,
                                      {1, static_cast<std::uint64_t>(step)});
    const double t1 = now();
    const auto gradient = loss_gradient(raw, target);
    const double t2 = now();
    engine.backward(gradient.data_ptr<float>());
    const double t3 = now();
    engine.adamw_step({}, step);
    const double t4 = now();
    forward += t1 - t0;
    loss += t2 - t1;
    backward += t3 - t2;
    update += t4 - t3;
  }
};

struct TorchStep {
  std::shared_ptr<lvm::Model> model;
  lvm::AdamW adamw;
  torch::Tensor contexts, target;

  void operator()() {
    adamw.zero_grad();
    torch::mse_loss(model->forward(contexts).raw, target).backward();
    torch::nn::utils::clip_grad_norm_(adamw.parameters, 1.0);
    adamw.step();
  }
};

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

void report(const char* name, std::vector<double> seconds, std::int64_t batch, double floor) {
  std::sort(seconds.begin(), seconds.end());
  const double m = median(seconds);
  std::printf("%-28s %8.2f ms  %8.1f samples/s  %5.1f %% of floor  (best %.2f ms, worst %.2f ms)\n", name,
              1e3 * m, static_cast<double>(batch) / m, 100 * floor / m, 1e3 * seconds.front(),
              1e3 * seconds.back());
}

int measure(const Options& o) {
  torch::set_num_threads(runner::team::size());
  const Shape shape;
  lvm::ModelSizes sizes;
  sizes.type = lvm::ModelType::transformer;
  sizes.width = shape.input;
  sizes.d_model = shape.d_model;
  sizes.heads = shape.heads;
  sizes.layers = shape.layers;
  sizes.feedforward = shape.feedforward;
  sizes.dropout = shape.dropout;
  const auto model = lvm::make_model(sizes, 1);
  model->train();
  lvm::Compute compute;
  compute.bf16 = o.bf16;
  model->set_compute(compute);
  torch::manual_seed(1);
  const auto contexts = torch::randn({o.batch, shape.context, shape.input});
  const auto target = torch::randn({o.batch, shape.output});

  EngineStep engine{lvm::cpu::Engine(shape, o.bf16 ? lvm::cpu::Precision::bf16 : lvm::cpu::Precision::fp32),
                    contexts, target};
  lvm::load_weights(dynamic_cast<const lvm::Transformer&>(*model), engine.engine);
  TorchStep plain{model, lvm::AdamW(model->parameters(), {}), contexts, target};

  const auto products = bench::step_products(shape, o.batch);
  std::vector<double> ours, theirs, product_times, memory_times;
  engine();
  if (o.torch) plain();
  engine.forward = engine.loss = engine.backward = engine.update = 0;
  for (int r = 0; r < o.rounds; ++r) {
    double t = now();
    engine();
    ours.push_back(now() - t);
    if (o.torch) {
      t = now();
      plain();
      theirs.push_back(now() - t);
    }
    if (r % 3 == 0) {  // the floor too is taken in turns
      product_times.push_back(bench::product_seconds(products, o.bf16, 3));
      memory_times.push_back(bench::optimizer_seconds(engine.engine.layout().total, 2));
    }
  }
  const double product = median(product_times), memory = median(memory_times), floor = product + memory;
  std::printf("batch %lld, %s, %d threads, kernels %s, products %s\n", static_cast<long long>(o.batch),
              o.bf16 ? "bf16" : "fp32", runner::team::size(), lvm::cpu::kernels().name,
              o.bf16 ? lvm::cpu::bf16_unit().name : "fp32");
  std::printf("%-28s %8.2f ms  %8.1f samples/s  (products %.2f ms, %.0f GFLOP/s; memory %.2f ms)\n", "floor",
              1e3 * floor, static_cast<double>(o.batch) / floor, 1e3 * product,
              bench::flop(products) / product / 1e9, 1e3 * memory);
  report("engine", ours, o.batch, floor);
  if (o.torch) report("libtorch, plain", theirs, o.batch, floor);
  if (o.profile)
    std::printf("engine: forward %.2f, loss %.2f, backward %.2f, update %.2f ms\n",
                1e3 * engine.forward / o.rounds, 1e3 * engine.loss / o.rounds,
                1e3 * engine.backward / o.rounds, 1e3 * engine.update / o.rounds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const auto code = parse(argc, argv, options)) return *code;
  try {
    return measure(options);
  } catch (const Error& error) {
    std::fprintf(stderr, "bench_train_step: %s\n", error.line().c_str());
    return static_cast<int>(error.code());
  }
}
