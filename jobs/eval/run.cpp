#include "jobs/eval/run.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/time.h"
#include "contract/manifest.h"
#include "data/input_watch.h"
#include "five_cat/five_cat.h"
#include "five_cat/five_cat_gates.h"
#include "jobs/eval/report.h"
#include "jobs/eval/splits.h"
#include "jobs/input_records.h"
#include "jobs/job_type.h"
#include "jobs/rank_session.h"
#include "jobs/trained_model.h"
#include "jobs/voice.h"
#include "models/model_file.h"
#include "models/torch_version.h"
#include "openmp_scan/scan.h"

namespace runner::jobs {

namespace {

namespace five_cat = lvm::five_cat;

// `place`: the key, then the file and its array.
void check_width(std::int64_t width, const lvm::ModelFile& model, const std::string& place) {
  if (width != model.sizes.width)
    throw DataError(
        fmt::format("width {}; the model {} reads {}: give vectors of the embedding model that it was "
                    "trained with (--npz FILE), or the model of these (--model DIR)",
                    width, model.path.string(), model.sizes.width),
        place);
}

// Learnt weights of a residual are for contexts of one length.
void check_context(std::int64_t context, const lvm::ModelSizes& sizes, const std::string& place) {
  if (sizes.residual == lvm::ResidualKind::learned && context != sizes.context)
    throw DataError(fmt::format("contexts of {} vectors; the model's residual has weights for {}", context,
                                sizes.context),
                    place);
}

// The shares of the weighted mean that the model's run was compared with; undefined where no run tells them.
torch::Tensor shares_of(const std::filesystem::path& model) {
  const auto folder = std::filesystem::is_directory(model) ? model : model.parent_path();
  const Json config = read_json_file_if_valid(folder / "config.json");
  const Json& shares = member_in(config, "weighted_mean_shares");
  if (!shares.is_array()) {
    spdlog::info("no config.json with weighted_mean's weights by the model: that baseline is left out");
    return {};
  }
  return torch::tensor(shares.get<std::vector<float>>());
}

// The split, or nothing when it is not asked for.
std::optional<EvalSplit> open_if_given(const EvalSplitOptions& options,
                                       const std::optional<TrainOptions>& run, const char* key,
                                       const lvm::ModelFile& model) {
  if (!options.given()) return std::nullopt;
  std::optional<EvalSplit> split = open_split(options, run, key);
  const std::string place = fmt::format("{}.{}: {}", key, options.sequences.empty() ? "vectors" : "sequences",
                                        split->source->place());
  check_width(split->source->width(), model, place);
  check_context(split->source->context(), model.sizes, place);
  return split;
}

std::optional<SplitReport> evaluate(five_cat::Predictor& predictor, const five_cat::Articles& articles,
                                    const std::optional<EvalSplit>& split, const char* name,
                                    five_cat::Options options) {
  if (!split) return std::nullopt;
  if (options.shares.defined() && options.shares.size(0) != split->source->context())
    options.shares = torch::Tensor();
  status::set_phase(std::string("evaluate ") + name);
  const std::int64_t samples = std::min(options.samples, static_cast<std::int64_t>(split->ids.size()));
  std::optional<Progress> progress;
  if (options.group == nullptr || options.group->leads()) progress.emplace(name, samples, "samples");
  return five_cat::run(predictor, articles, {name, split->source.get(), split->ids}, options,
                       [&](double share) {
                         status::beat();
                         if (progress)
                           progress->update(static_cast<std::int64_t>(share * static_cast<double>(samples)));
                       });
}

std::string split_part(const char* name, const std::optional<EvalSplit>& split) {
  return split ? fmt::format("{} of {} {} windows", split->ids.size(), split->source->size(), name) : "";
}

report::Block header_of(const EvalOptions& options, const lvm::ModelFile& model,
                        const std::optional<EvalSplit>& val, const std::optional<EvalSplit>& ood,
                        std::vector<std::string> compute) {
  report::Block block;
  std::vector<std::string> config{options.name};
  config.insert(config.end(), options.articles.begin(), options.articles.end());
  block.add("eval", std::move(config));
  block.add("split", {split_part("VAL", val), split_part("OOD", ood)});
  block.add("model", {model.path.string()});
  block.add("device", std::move(compute));
  block.add("output", {options.output});
  return block;
}

// The truth that margins and roll-outs were taken at, and what an offset above 1 means for D.
void explain(const five_cat::Options& options) {
  spdlog::info("mode {}: the truth of A and D is {}", options.legacy ? "legacy" : "fixed",
               options.legacy ? "the vector after the target (k = 1)" : "the target itself (k = 0)");
  if (options.target_offset > 1)
    spdlog::info(
        "the model predicts {} vectors ahead: of test D only the first roll-out step is well defined; "
        "D:avg_cos@H=1 stands beside it",
        options.target_offset);
}

std::vector<std::string> files_of(const EvalOptions& options) {
  std::vector<std::string> files = options.articles;
  for (const auto* split : {&options.val, &options.ood})
    for (const auto* list : {&split->sequences, &split->vectors})
      files.insert(files.end(), list->begin(), list->end());
  return files;
}

// Failing is the usual end for the shipped recipes: it must not read like a crash.
std::string gates_failed(const NamedList<TestGate>& gates) {
  const auto failed =
      std::count_if(gates.begin(), gates.end(), [](const auto& gate) { return !gate.second.passed; });
  return fmt::format(
      "a gate failed ({} of {}; exit code 5) and nothing else: the report is whole. The gates ask for "
      "more than the reference model of P6b v2.3 reaches: it fails three of the five tests",
      failed, gates.size());
}

// Through a link such as `latest` where the link leads now: it will lead elsewhere when the report is read.
std::string named_for_good(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  const bool plain = error || real == std::filesystem::absolute(path).lexically_normal();
  return (plain ? path : real).string();
}

// Windows of a split, for ranks to compare.
Json windows_of(const std::optional<EvalSplit>& split) {
  if (!split) return nullptr;
  return {{"context", split->source->context()}, {"samples", split->ids.size()}};
}

Json what_decides(const five_cat::Options& test, const std::optional<EvalSplit>& val,
                  const std::optional<EvalSplit>& ood) {
  return {{"legacy", test.legacy},
          {"samples", test.samples},
          {"horizon", test.horizon},
          {"seed", test.seed},
          {"target_offset", test.target_offset},
          {"weighted_mean", test.shares.defined()},
          {"val", windows_of(val)},
          {"ood", windows_of(ood)}};
}

std::vector<InputRecord> without_paths(std::vector<InputRecord> files) {
  for (InputRecord& file : files) file.path.clear();
  return files;
}

five_cat::Options test_options(const EvalOptions& options, const std::optional<TrainOptions>& run) {
  five_cat::Options test;
  test.legacy = options.mode == EvalMode::legacy;
  test.samples = options.samples;
  test.horizon = options.horizon;
  test.seed = static_cast<std::uint64_t>(options.seed);
  test.target_offset = target_offset(options, run);
  test.shares = shares_of(options.model);
  return test;
}

struct Evaluation {
  EvalReport report;  // all but its output
  std::vector<InputRecord> inputs;
};

// Reads, computes and judges. All that can be refused is refused before anything is computed. Ranks of a
// session share the computation; each gets the whole report.
Evaluation evaluate_all(const JobContext& context, const EvalOptions& options, ranks::Session* session) {
  status::set_phase("read model");
  const auto file = lvm::read_model_file(options.model);
  const auto run = run_of(options.model);
  const std::vector<std::string> files = files_of(options);
  data::InputWatch watch(files);
  status::set_phase("open splits");
  const auto val_split = open_if_given(options.val, run, "val", file);
  const auto ood_split = open_if_given(options.ood, run, "ood", file);
  const auto model = lvm::load_model(file);
  // auto: as the run that made the model trained and validated; the old trainer's models in float32.
  ComputeWish wish{options.device, options.device_fallback, options.precision};
  if (session != nullptr) wish.place = session->place();
  wish.context = (val_split ? val_split : ood_split)->source->context();
  const auto [device, precision] = place_model(*model, wish, run);

  status::set_phase("read articles");
  const data::Vectors vectors(options.articles);
  check_width(vectors.width(), file, "articles: " + vectors.place());
  const five_cat::Articles articles(vectors);

  five_cat::Options test = test_options(options, run);
  std::vector<std::string> compute = compute_parts(context.launch, device.str());
  compute.insert(compute.begin() + 1, to_word(precision));
  tell_header(header_of(options, file, val_split, ood_split, std::move(compute)));
  explain(test);
  Evaluation done;
  done.inputs = input_records(files);
  std::shared_ptr<ranks::Group> group;
  if (session != nullptr) {
    auto data = done.inputs;
    data.push_back(input_records({file.path.string()}).front());
    group =
        meet(*session, {what_decides(test, val_split, ood_split), without_paths(data), precision, device});
    test.group = group.get();
  }
  const auto predictor = five_cat::make_predictor(model, device);
  EvalReport& told = done.report;
  told.mode = to_word(options.mode);
  told.val = evaluate(*predictor, articles, val_split, "VAL", test);
  told.ood = evaluate(*predictor, articles, ood_split, "OOD", test);
  told.gates =
      five_cat::judge(told.val, told.ood, "D:avg_cos@H=" + std::to_string(options.horizon), test.legacy);
  told.passed = five_cat::all_passed(told.gates);
  told.model = named_for_good(file.path);
  watch.check();
  return done;
}

// One process alone, or rank 0 of several: it has the files.
void run_lead(const JobContext& context, const EvalOptions& options, ranks::Session* session,
              JobResult& result) {
  const auto start = std::chrono::steady_clock::now();
  AtomicFile file_of_report(options.output, if_taken(context));
  Manifest manifest(context, options.name);
  auto evaluation = evaluate_all(context, options, session);
  EvalReport& told = evaluation.report;
  told.output = options.output;
  file_of_report.write(json_text(told, 2) + "\n");
  file_of_report.commit();
  const std::filesystem::path target = file_of_report.target();
  if (told.output != target.string()) {  // another run of the same second had that name
    told.output = target.string();
    write_file_atomically(target, json_text(told, 2) + "\n");
  }
  result.result = told;  // and what the report itself, the same for the same input, does not tell
  result.result["wall_s"] = seconds_since(start);
  result.result["rss_mb"] = peak_memory_mb();
  manifest.set("inputs", evaluation.inputs);
  manifest.set("versions", {{"libtorch", lvm::torch_version()}});
  if (session != nullptr)
    manifest.set("ranks", {{"count", session->place().size}, {"started_by", session->place().source}});
  manifest.set("result", result.result);
  manifest.finish(told.passed ? "finished" : "gate failed");
  manifest.write(manifest_beside(target));
  result.exit_code = static_cast<int>(told.passed ? ExitCode::done : ExitCode::gate);
  const auto closing = [&](std::size_t width) {
    report::Block block;
    block.add_table(eval_table(told, width) + "\n");
    block.add_text("gates", fmt::format("mode {}: {}", told.mode,
                                        told.passed ? "every gate passed" : gates_failed(told.gates)));
    block.add("time", {fmt::format("{:.2f} s", seconds_since(start))});
    block.add("output", {told.output});
    return block;
  };
  tell_closing(context, closing, result);
}

}  // namespace

void run_eval(const JobContext& context, JobResult& result) {
  const auto given = options_of<EvalOptions>(context);
  const EvalOptions options = own_data(given);
  if (given.ood.given() && !options.ood.given())
    spdlog::info("ood is left out: its articles are not among those of --npz");
  const auto place = ranks::rank_place(runtime::current_environment());
  if (!place || place->size == 1) return run_lead(context, options, nullptr, result);
  run_in_session(*place, options.environment.rank_timeout, [&](ranks::Session& session) {
    if (place->leads())
      run_lead(context, options, &session, result);
    else
      evaluate_all(context, options, &session);
  });
}

}  // namespace runner::jobs
