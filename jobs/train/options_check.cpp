// Conflicts between keys of a training run.
#include "jobs/train/options.h"

#include "base/log.h"

namespace runner::jobs {
namespace {

void append(std::vector<config::Problem>& all, std::vector<config::Problem> more) {
  all.insert(all.end(), more.begin(), more.end());
}

void check_data(const DataOptions& o, std::vector<config::Problem>& problems) {
  if (!o.vectors.empty() && !o.sequences.empty())
    problems.push_back({"", "data.sequences", "conflicts with data.vectors: give one of the two"});
  if (o.vectors.empty() && o.sequences.empty())
    problems.push_back(
        {"", "data.vectors", "missing: give a vectors file (or data.sequences: ready windows)"});
}

void check_gates(const TrainOptions& o, std::vector<config::Problem>& problems) {
  if (o.checkpoint.every_steps == 0 && o.checkpoint.every_minutes == 0 && o.environment.restarts > 0)
    problems.push_back(
        {"", "environment.restarts", "restarts go on from checkpoints: set checkpoint.every_steps"});
  if (lvm::is_directional(o.loss) && o.data.context < 2)
    problems.push_back(
        {"", "data.context",
         "recipe " + to_word(o.loss.recipe) + " compares with the last but one vector: at least 2"});
}

void check_products(const TrainOptions& o, std::vector<config::Problem>& problems) {
  if (o.products == lvm::ProductsChoice::blas && o.precision == lvm::PrecisionChoice::bf16)
    problems.push_back(
        {"", "train.products", "blas multiplies fp32 only: set precision to fp32, or train.products to own"});
}

void check_scheduler(const TrainOptions& o, std::vector<config::Problem>& problems) {
  if (o.scheduler.type == lvm::SchedulerType::warmup_cosine && o.scheduler.min_lr > o.optimizer.lr)
    problems.push_back({"", "scheduler.min_lr",
                        fmt::format("{} is above optimizer.lr {}: the rate would not fall but rise",
                                    o.scheduler.min_lr, o.optimizer.lr)});
}

}  // namespace

std::vector<config::Problem> check(const TrainOptions& o) {
  std::vector<config::Problem> problems;
  check_data(o.data, problems);
  append(problems, lvm::check(o.model));
  append(problems, lvm::check(o.loss));
  check_products(o, problems);
  check_scheduler(o, problems);
  check_gates(o, problems);
  return problems;
}

}  // namespace runner::jobs
