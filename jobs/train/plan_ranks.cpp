#include "jobs/train/plan_ranks.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <future>

#include "base/log.h"
#include "base/time.h"
#include "engines/make_step.h"
#include "jobs/train/set_up.h"
#include "models/unit_vectors.h"
#include "ranks/address.h"
#include "ranks/session.h"

namespace runner::jobs {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int timed = 3;  // after one that is not

template <class F>
double median_seconds(const F& run) {
  std::vector<double> seconds;
  for (int i = 0; i < timed; ++i) {
    const auto start = Clock::now();
    run();
    seconds.push_back(seconds_since(start));
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

// One update of one rank, accumulation included, on made-up vectors.
double measured_step(const TrainOptions& o, const TrainInputs& inputs, const Hardware& hardware) {
  auto model = build_model(o, inputs, std::nullopt);
  const torch::Device device = place_model(*model, hardware);
  const auto step =
      lvm::make_step(o.engine, std::move(model), step_options(o, nullptr), inputs.samples->context(), device);
  const std::int64_t rows = o.batch_size * o.accumulate, width = inputs.samples->width();
  lvm::StepInput input;
  input.contexts = lvm::unit(torch::randn({rows, inputs.samples->context(), width})).to(device);
  input.targets = lvm::unit(torch::randn({rows, width})).to(device);
  const auto run = [&] {
    step->run(input);
    ++input.step;
  };
  run();
  return median_seconds(run);
}

// Of a rank that sums gradients with one other.
struct SumCosts {
  double seconds = 0, busy_s = 0;  // what it takes, and the computing time in it
};

// Gradients of `count` values summed by two ranks of this machine over loopback.
SumCosts measured_sum(std::int64_t count, ranks::Wire wire) {
  const int socket = ranks::listen_on("127.0.0.1", 0), port = ranks::port_of(socket);
  ::close(socket);
  const auto rank = [&](int number) {
    ranks::Session session({number, 2, number, "127.0.0.1", port, "runner plan"}, 60);
    SumCosts costs;
    {
      const auto group = session.connect(wire, torch::kCPU);
      const torch::Tensor values = torch::zeros({count});
      const auto sum = [&] {
        std::vector<double> none;
        group->start_sum(values);
        group->finish_sums(none);
      };
      sum();  // both are there, and memory is taken
      const std::clock_t before = std::clock();
      costs.seconds = median_seconds(sum);
      // Both ranks are threads of this process.
      costs.busy_s = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC / (2 * timed);
    }
    session.leave();
    return costs;
  };
  std::future<SumCosts> other = std::async(std::launch::async, rank, 1);
  const SumCosts costs = rank(0);
  other.get();
  return costs;
}

}  // namespace

RankForecast forecast(const RankCosts& c, int ranks) {
  if (ranks == 1) return {c.step_s, 0};
  const double n = ranks;
  // To each rank its piece from all others, and each sum to all others.
  const double moved = 2 * (n - 1) / n;
  const double wire = moved * c.gradient_bytes / c.bytes_per_s + 2 * (n - 1) * c.latency_s;
  const double busy = moved * c.busy_s;  // two ranks move each byte once
  const double sum = wire + busy;        // one thread, which waits for the link and then adds
  const double gather = (n - 1) * c.prediction_bytes / c.bytes_per_s + (n - 1) * c.latency_s;
  // Waiting for the link costs nothing while there is something to compute, but what the exchange computes
  // takes its time from the step's cores.
  const double step = std::max(c.step_s + busy / c.cores, (1 - c.overlap) * c.step_s + sum);
  return {step + gather, sum + gather};
}

void plan_ranks(const TrainOptions& o, const TrainInputs& inputs, double parameters, int threads, int ranks,
                JobResult& result) {
  const ranks::Wire wire = o.gradients;
  const auto rows = static_cast<double>(o.batch_size * o.accumulate);
  RankCosts costs;
  const Hardware hardware = choose_hardware(o, std::nullopt);
  costs.step_s = measured_step(o, inputs, hardware);
  Json measured = {{"step_ms", 1000 * costs.step_s}};
  if (hardware.choice.actual.kind == runtime::DeviceKind::cpu) {  // elsewhere the device exchanges by itself
    costs.cores = std::max(1, threads);
    const SumCosts of_two = measured_sum(static_cast<std::int64_t>(parameters), wire);
    costs.busy_s = of_two.busy_s;
    measured["sum_of_two_ms"] = 1000 * of_two.seconds;
    measured["sum_computing_ms"] = 1000 * costs.busy_s;
    measured["cores"] = costs.cores;
  }
  result.result["ranks_measured"] = measured;
  costs.gradient_bytes = parameters * static_cast<double>(ranks::bytes_of(wire));
  costs.prediction_bytes = rows * static_cast<double>(inputs.samples->width()) * sizeof(float);
  costs.bytes_per_s = o.plan.link_gbit * 1e9 / 8;
  costs.latency_s = o.plan.latency_us * 1e-6;
  costs.overlap = o.plan.overlap;
  result.result["ranks_assumed"] = {{"link_gbit", o.plan.link_gbit},
                                    {"latency_us", o.plan.latency_us},
                                    {"overlap", o.plan.overlap},
                                    {"gradient_bytes", costs.gradient_bytes}};
  std::string table = fmt::format(
      "ranks       a machine like this one each, {:.4g} Gbit/s, {:.4g} µs, {:.0f} % of a step beside the "
      "exchange\n"
      "            ranks  batch of all  step ms  exchange ms  samples/s  efficiency\n",
      o.plan.link_gbit, o.plan.latency_us, 100 * o.plan.overlap);
  Json list = Json::array();
  for (int n = 1;; n = std::min(2 * n, ranks)) {
    const RankForecast f = forecast(costs, n);
    const double rate = n * rows / f.step_s, efficiency = costs.step_s / f.step_s;
    list.push_back({{"ranks", n},
                    {"batch", n * static_cast<std::int64_t>(rows)},
                    {"step_ms", 1000 * f.step_s},
                    {"exchange_ms", 1000 * f.exchange_s},
                    {"samples_per_second", rate},
                    {"efficiency", efficiency}});
    table += fmt::format("            {:>5}  {:>12.0f}  {:>7.1f}  {:>11.1f}  {:>9.0f}  {:>10.2f}\n", n,
                         n * rows, 1000 * f.step_s, 1000 * f.exchange_s, rate, efficiency);
    if (n >= ranks) break;
  }
  result.result["ranks"] = list;
  result.summary += table;
}

}  // namespace runner::jobs
