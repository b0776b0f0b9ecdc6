#include "jobs/train/plan_ranks.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
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
  run();
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
double measured_step(const TrainOptions& o, const TrainInputs& inputs) {
  const Hardware hardware = choose_hardware(o, std::nullopt);
  auto model = build_model(o, inputs, std::nullopt);
  const torch::Device device = place_model(*model, hardware);
  const auto step =
      lvm::make_step(o.engine, std::move(model), step_options(o, nullptr), inputs.samples->context(), device);
  const std::int64_t rows = o.batch_size * o.accumulate, width = inputs.samples->width();
  lvm::StepInput input;
  input.contexts = lvm::unit(torch::randn({rows, inputs.samples->context(), width})).to(device);
  input.targets = lvm::unit(torch::randn({rows, width})).to(device);
  return median_seconds([&] {
    step->run(input);
    ++input.step;
  });
}

// Gradients of `count` values summed by two ranks of this machine over loopback.
double measured_sum(std::int64_t count, ranks::Wire wire) {
  const int socket = ranks::listen_on("127.0.0.1", 0), port = ranks::port_of(socket);
  ::close(socket);
  const auto rank = [&](int number) {
    ranks::Session session({number, 2, number, "127.0.0.1", port, "runner plan"}, 60);
    double seconds = 0;
    {
      const auto group = session.connect(wire, torch::kCPU);
      const torch::Tensor values = torch::zeros({count});
      seconds = median_seconds([&] {
        std::vector<double> none;
        group->start_sum(values);
        group->finish_sums(none);
      });
    }
    session.leave();
    return seconds;
  };
  std::future<double> other = std::async(std::launch::async, rank, 1);
  const double seconds = rank(0);
  other.get();
  return seconds;
}

}  // namespace

RankForecast forecast(const RankCosts& c, int ranks) {
  if (ranks == 1) return {c.step_s, 0};
  const double n = ranks;
  // To each rank its piece from all others, and each sum to all others.
  const double moved = 2 * (n - 1) / n;
  const double wire = moved * c.gradient_bytes / c.bytes_per_s + 2 * (n - 1) * c.latency_s;
  const double sum = std::max(wire, moved * c.sum_s);  // two ranks move each byte once
  const double gather = (n - 1) * c.prediction_bytes / c.bytes_per_s + (n - 1) * c.latency_s;
  const double shown = std::max(0.0, sum - c.overlap * c.step_s) + gather;
  return {c.step_s + shown, sum + gather};
}

void plan_ranks(const TrainOptions& o, const TrainInputs& inputs, double parameters, int ranks,
                JobResult& result) {
  const ranks::Wire wire = o.gradients;
  const auto rows = static_cast<double>(o.batch_size * o.accumulate);
  RankCosts costs;
  costs.step_s = measured_step(o, inputs);
  costs.sum_s = measured_sum(static_cast<std::int64_t>(parameters), wire);
  costs.gradient_bytes = parameters * static_cast<double>(ranks::bytes_of(wire));
  costs.prediction_bytes = rows * static_cast<double>(inputs.samples->width()) * sizeof(float);
  costs.bytes_per_s = o.plan.link_gbit * 1e9 / 8;
  costs.latency_s = o.plan.latency_us * 1e-6;
  costs.overlap = o.plan.overlap;
  result.result["ranks_measured"] = {{"step_ms", 1000 * costs.step_s}, {"sum_of_two_ms", 1000 * costs.sum_s}};
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
