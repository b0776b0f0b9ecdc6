#include "jobs/eval/options.h"

#include "jobs/device_keys.h"
#include "jobs/window_keys.h"

namespace runner::jobs {

namespace {

void declare_split(config::Binder& b, const std::string& prefix, EvalSplitOptions& o, const char* what) {
  b.option(prefix + ".sequences", o.sequences, std::string(what) + ": file(s) of ready windows")
      .existing_file();
  b.option(prefix + ".vectors", o.vectors, "in their place: vectors file(s) to cut windows from")
      .existing_file();
  b.option(prefix + ".articles", o.articles,
           "of the cut windows: all, or the articles that validated the model");
  b.at_most_one_of({prefix + ".sequences", prefix + ".vectors"});
  b.meaningless(prefix + ".sequences", prefix + ".articles", "validation");
  b.option(prefix + ".context", o.context, "vectors a context; default: the run's").range(1, 100);
  b.option(prefix + ".target_offset", o.target_offset, "target's distance from the last; default: the run's")
      .range(1, 1000);
  b.option(prefix + ".within_article", o.within_article,
           "windows stay inside one article; default: the run's");
  b.option(prefix + ".fraction", o.fraction, "share of the articles that validate; default: the run's")
      .range(0, 1);
}

void check_split(const std::string& prefix, const EvalSplitOptions& o,
                 std::vector<config::Problem>& problems) {
  if (!o.sequences.empty() && !o.vectors.empty())
    problems.push_back(
        {"", prefix + ".sequences", "conflicts with " + prefix + ".vectors: give one of the two"});
  if (!o.sequences.empty() && o.articles != SplitArticles::all)
    problems.push_back({"", prefix + ".articles",
                        "splits windows cut from " + prefix + ".vectors; with ready sequences remove it"});
}

// With own data, nothing is read of what it takes the place of: that need not be there.
void release_replaced(config::Binder& b, config::Field& npz, const std::vector<std::string>& files) {
  npz.read = [&b, &files, read = npz.read](const YAML::Node& node) {
    std::string problem = read(node);
    if (!problem.empty() || files.empty()) return problem;
    for (const char* key : {"articles", "val.sequences", "val.vectors", "ood.sequences", "ood.vectors"})
      b.find(key)->must_be_file = b.find(key)->is_required = false;
    return problem;
  };
}

}  // namespace

void declare(config::Binder& b, EvalOptions& o) {
  b.option("model", o.model,
           "a run's folder, its name in artifacts/lvm/models (latest), a .safetensors or a .pt file")
      .required()
      .existing_path()
      .flag("--model");
  config::Field& npz = b.option("npz", o.npz,
                                "own vectors file(s) with article_indices, .npz: in place of articles and of "
                                "val's windows; without ood")
                           .existing_file()
                           .flag("--npz");
  release_replaced(b, npz, o.npz);
  b.option("articles", o.articles,
           "vectors file(s) with article and chunk numbers: what predictions are ranked among")
      .required()
      .existing_file();
  b.at_least_one_of({"articles", "npz"});
  b.at_least_one_of({"val", "ood", "npz"});
  declare_split(b, "val", o.val, "the validation split");
  declare_split(b, "ood", o.ood, "the out-of-distribution split");
  b.option("mode", o.mode,
           "fixed: the target is the truth; legacy: the vector after it, as the old script has it")
      .flag("--mode");
  b.option("samples", o.samples, "rows a test, the first that qualify").range(1, 1e12);
  b.option("horizon", o.horizon, "roll-out steps of test D").range(1, 1000);
  b.option("seed", o.seed, "of test C's shuffles").range(0, 1e15);
  declare_device(b, o.device, o.device_fallback);
  declare_precision(b, o.precision, "as the model's run, fp32 for a bare .pt");
  b.option("output", o.output, "the report, JSON").flag("--output");
}

EvalOptions own_data(EvalOptions o) {
  if (o.npz.empty()) return o;
  o.articles = o.val.vectors = o.npz;
  o.val.sequences.clear();
  o.ood = {};
  return o;
}

std::vector<config::Problem> check(const EvalOptions& given) {
  const EvalOptions o = own_data(given);
  std::vector<config::Problem> problems;
  if (!o.val.given() && !o.ood.given())
    problems.push_back(
        {"", "val", "nothing to evaluate: give val or ood or both, as {sequences: FILE} or {vectors: FILE}"});
  check_split("val", o.val, problems);
  check_split("ood", o.ood, problems);
  return problems;
}

std::vector<config::Problem> take_over(config::Binder& b, const EvalOptions& o) {
  auto problems = take_over_windows(b, "val", o.val.sequences);
  const auto more = take_over_windows(b, "ood", o.ood.sequences);
  problems.insert(problems.end(), more.begin(), more.end());
  return problems;
}

}  // namespace runner::jobs
