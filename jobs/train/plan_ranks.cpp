#include "jobs/train/plan_ranks.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <future>
#include <optional>

#include "base/log.h"
#include "base/time.h"
#include "engines/device_probe.h"
#include "engines/make_step.h"
#include "jobs/train/set_up.h"
#include "losses/loss.h"
#include "ranks/address.h"
#include "ranks/session.h"
#include "training/augment.h"
#include "training/batches.h"

namespace runner::jobs {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double assumed_gbit = 10, assumed_us = 50;
constexpr std::size_t sum_runs = 9;
constexpr std::int64_t gpu_rows = 32768;  // of 768 floats: 100 MB a tensor

// After one run that is not timed, at least `runs` and as many as fit into `least_s`.
template <class F>
double median_seconds(const F& run, std::size_t runs, double least_s) {
  run();
  std::vector<double> seconds;
  const auto first = Clock::now();
  while (seconds.size() < runs || seconds_since(first) < least_s) {
    const auto start = Clock::now();
    run();
    seconds.push_back(seconds_since(start));
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

struct OwnWork {
  double step_s = 0;    // one update of one rank alone, accumulation and putting the batch together included
  double shared_s = 0;  // what the same rows of another rank add to it
};

// Every rank puts the rows of all together, and computes the loss over all of them.
OwnWork measured_work(const TrainOptions& o, const TrainInputs& inputs, const torch::Device& device,
                      std::shared_ptr<lvm::Model> model) {
  const lvm::StepOptions options = step_options(o, nullptr);
  const auto step = lvm::make_step(o.engine, std::move(model), options, inputs.samples->context(), device);
  const lvm::Batches batches(inputs.samples, inputs.split.training, o.data.normalize, device,
                             lvm::resident_limit(device));
  std::int64_t steps = 0;
  const auto batch_of = [&](std::int64_t rows) {
    std::vector<std::int64_t> places(static_cast<std::size_t>(rows));
    const auto all = static_cast<std::int64_t>(inputs.split.training.size());
    for (std::int64_t i = 0; i < rows; ++i) places[static_cast<std::size_t>(i)] = (i * 7919) % all;
    lvm::Batch batch = batches.take(places.data(), rows);
    lvm::corrupt_last_slot(batch.contexts, o.augment, lvm::seeded_generator(batch.contexts.device(), 1));
    lvm::StepInput input;
    input.contexts = batch.contexts.to(device);
    input.targets = batch.targets.to(device);
    input.step = ++steps;
    return input;
  };
  // A GPU's clocks have come up by then.
  const auto seconds = [](const auto& run) { return median_seconds(run, 3, 0.5); };
  const auto shared = [&](std::int64_t rows) {
    return seconds([&] {
      const lvm::StepInput input = batch_of(rows);
      const torch::Tensor raw = input.contexts.select(1, 0).clone().requires_grad_(true);
      lvm::compute_loss(options.loss, lvm::normalised(raw), input.contexts, input.targets, 0)
          .total.backward();
      if (device.is_cuda()) torch::cuda::synchronize(device.index());
    });
  };
  const std::int64_t rows = o.batch_size * o.accumulate;
  // Of few rows a GPU's kernels take no longer than their launches, which a graph does not have. The matrix
  // of InfoNCE grows with the square of the rows.
  const std::int64_t most = device.is_cuda() && o.loss.info_nce_weight == 0 ? std::max(rows, gpu_rows) : rows;
  const double step_s = seconds([&] { step->run(batch_of(rows)); });
  return {step_s, std::max(0.0, shared(2 * most) - shared(most)) * static_cast<double>(rows) /
                      static_cast<double>(most)};
}

// Sums over two ranks of this machine: of all gradients, and of one value; and what a rank computes in one of
// all.
struct Sums {
  double all_s = 0, one_s = 0, busy_s = 0;
};

// On CPUs over loopback, on GPUs between this one and its neighbour: nothing where there is none.
std::optional<Sums> measured_sums(std::int64_t count, ranks::Wire wire, const torch::Device& device) {
  std::array<torch::Device, 2> devices{device, device};
  if (!device.is_cpu()) {  // Apple's has one GPU
    const auto gpus = device.is_cuda() ? static_cast<int>(torch::cuda::device_count()) : 1;
    if (gpus < 2) return std::nullopt;
    devices[1].set_index(static_cast<torch::DeviceIndex>((device.index() + 1) % gpus));
  }
  const int socket = ranks::listen_on("127.0.0.1", 0), port = ranks::port_of(socket);
  ::close(socket);
  const auto rank = [&](int number) {
    const torch::Device& own = devices[static_cast<std::size_t>(number)];
    lvm::make_current(own);
    ranks::Session session({number, 2, number, "127.0.0.1", port, "runner plan"}, 60);
    Sums sums;
    {
      const auto group = session.connect(wire, own);
      const torch::Tensor all = torch::zeros({count}, own);
      const auto seconds = [&](const torch::Tensor& values) {
        const auto sum = [&] {
          group->start_sum(values);
          group->join_sums();
          group->wait_for_device();
        };
        return median_seconds(sum, sum_runs, 0);  // both ranks run it as often
      };
      sums.one_s = seconds(all.narrow(0, 0, 1));
      const std::clock_t before = std::clock();
      sums.all_s = seconds(all);
      // Both ranks are threads of this process.
      sums.busy_s = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC /
                    static_cast<double>(2 * (sum_runs + 1));
    }
    session.leave();
    return sums;
  };
  std::future<Sums> other = std::async(std::launch::async, rank, 1);
  const Sums sums = rank(0);
  other.get();
  return sums;
}

}  // namespace

RankForecast forecast(const RankCosts& c, int ranks) {
  const double n = ranks, own = c.step_s + (n - 1) * c.shared_s;
  if (ranks == 1) return {own, 0};
  // To each rank its piece from all others, and each sum to all others.
  const double moved = 2 * (n - 1) / n;
  const double wire = moved * c.gradient_bytes / c.bytes_per_s + 2 * (n - 1) * c.latency_s;
  const double busy = moved * c.busy_s;  // two ranks move each byte once
  const double sum = wire + busy;        // one thread, which waits for the link and then adds
  const double gather = (n - 1) * c.prediction_bytes / c.bytes_per_s + (n - 1) * c.latency_s;
  // What waits for the link costs nothing while there is something to compute; what the exchange computes
  // takes its time from the cores of the step.
  const double step = std::max(own + busy / c.cores, own - c.overlap * c.step_s + sum);
  return {step + gather, sum + gather};
}

void plan_ranks(const TrainOptions& o, const TrainInputs& inputs, double parameters, int threads, int ranks,
                JobResult& result) {
  const ranks::Wire wire = o.gradients;
  const auto rows = static_cast<double>(o.batch_size * o.accumulate);
  const Hardware hardware = choose_hardware(o, std::nullopt);
  auto model = build_model(o, inputs, std::nullopt);
  const torch::Device device = place_model(*model, o, inputs, hardware).device;
  const OwnWork work = measured_work(o, inputs, device, std::move(model));
  const auto sums = measured_sums(static_cast<std::int64_t>(parameters), wire, device);
  RankCosts costs;
  costs.step_s = work.step_s;
  costs.shared_s = work.shared_s;
  Json measured{{"step_ms", 1000 * work.step_s}, {"shared_ms", 1000 * work.shared_s}};
  if (sums) measured["sum_of_two_ms"] = 1000 * sums->all_s;
  if (device.is_cpu()) {  // elsewhere the device exchanges by itself
    costs.cores = std::max(1, threads);
    costs.busy_s = sums->busy_s;
    measured["sum_computing_ms"] = 1000 * costs.busy_s;
    measured["cores"] = costs.cores;
  }
  result.result["ranks_measured"] = measured;
  costs.gradient_bytes = parameters * static_cast<double>(ranks::bytes_of(wire));
  costs.prediction_bytes = rows * static_cast<double>(inputs.samples->width()) * sizeof(float);
  double gbit = assumed_gbit, latency_us = assumed_us;
  const bool has_link = sums && device.is_cuda() && ranks <= static_cast<int>(torch::cuda::device_count());
  if (has_link) {  // two ranks move each byte once, and wait for two messages
    gbit = costs.gradient_bytes * 8e-9 / std::max(sums->all_s - sums->one_s, 1e-9);
    latency_us = 1e6 * sums->one_s / 2;
  }
  gbit = o.plan.link_gbit.value_or(gbit);
  latency_us = o.plan.latency_us.value_or(latency_us);
  costs.bytes_per_s = gbit * 1e9 / 8;
  costs.latency_s = latency_us * 1e-6;
  costs.overlap = o.plan.overlap;
  result.result["ranks_assumed"] = {{"link_gbit", gbit},
                                    {"latency_us", latency_us},
                                    {"link_measured", has_link && !o.plan.link_gbit},
                                    {"overlap", o.plan.overlap},
                                    {"gradient_bytes", static_cast<std::int64_t>(costs.gradient_bytes)}};
  std::string table = fmt::format(
      "ranks       a {} like this one each, {:.4g} Gbit/s{}, {:.4g} µs, {:.0f} % of a step beside the "
      "exchange\n"
      "            ranks  batch of all  step ms  exchange ms  samples/s  efficiency\n",
      device.is_cuda() ? "GPU" : "machine", gbit,
      has_link && !o.plan.link_gbit ? " as measured between two here" : "", latency_us, 100 * o.plan.overlap);
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
  result.result["ranks_forecast"] = list;
  result.summary += table;
}

}  // namespace runner::jobs
