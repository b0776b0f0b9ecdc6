#include "jobs/predict/predictions.h"

#include <torch/torch.h>

#include <chrono>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/status.h"
#include "base/time.h"
#include "data/input_watch.h"
#include "five_cat/predictor.h"
#include "jobs/job_type.h"
#include "jobs/predict/handed_over.h"
#include "jobs/predict/source.h"
#include "jobs/record_output.h"
#include "jobs/trained_model.h"
#include "jobs/voice.h"
#include "models/unit_vectors.h"

namespace runner::jobs {
namespace {

using Clock = std::chrono::steady_clock;

// By context, what `numbers` says of its T rows of the piece: [n, T].
torch::Tensor by_context(const ContextPiece& piece, const std::int64_t* numbers, std::int64_t length) {
  auto out = torch::empty({piece.count(), length}, torch::kInt64);
  auto* to = out.data_ptr<std::int64_t>();
  for (const std::int64_t start : piece.starts) to = std::copy_n(numbers + start, length, to);
  return out;
}

// Every context's prediction, [n, D] of unit length, piece by piece; with the numbers of its rows where the
// writer has a column for them.
void predict_all(PredictionSource& source, lvm::five_cat::Predictor& predictor, bool rows_too,
                 data::RecordWriter& writer) {
  const torch::NoGradGuard no_grad;
  Contexts& contexts = *source.contexts;
  Progress progress("predict", contexts.size(), "contexts");
  ContextPiece piece;
  for (std::int64_t done = 0; contexts.next(piece); done += piece.count()) {
    if (const int signal = stop_signal())
      throw Interrupted(
          signal, "stopped while predicting; nothing was left behind, a file of that name is as it was");
    const auto rows = static_cast<std::int64_t>(piece.vectors.size()) / contexts.width();
    auto vectors = torch::from_blob(piece.vectors.data(), {rows, contexts.width()}, torch::kFloat32);
    if (source.normalize) vectors = lvm::unit(vectors);
    predictor.clear();
    const auto items = predictor.add_items(vectors);
    const auto predicted =
        predictor.predict(by_context(piece, items.data_ptr<std::int64_t>(), contexts.length())).contiguous();
    std::vector<const void*> columns = {predicted.data_ptr<float>(), piece.articles.data(),
                                        piece.last_rows.data()};
    torch::Tensor numbers;
    if (rows_too) {
      numbers = by_context(piece, piece.rows.data(), contexts.length());
      columns.push_back(numbers.data_ptr<std::int64_t>());
    }
    writer.append(piece.count(), columns);
    status::beat();
    progress.update(done + piece.count());
  }
}

// `output`: "" where the second half writes it.
report::Block header_of(const JobContext& context, const PredictOptions& options,
                        const PredictionSource& source, const std::string& device,
                        const std::string& precision, const std::string& output) {
  report::Block block;
  std::vector<std::string> files{source.file.path.string()};
  files.insert(files.end(), options.inputs.begin(), options.inputs.end());
  block.add("predict", std::move(files));
  block.add("split", {fmt::format("{} contexts of {} × {}", source.contexts->size(),
                                  source.contexts->length(), source.contexts->width())});
  std::vector<std::string> parts = compute_parts(context.launch, device);
  parts.insert(parts.begin() + 1, precision);
  block.add("device", std::move(parts));
  if (!output.empty()) block.add("output", {output});
  return block;
}

}  // namespace

void run_predict(const JobContext& context, JobResult& result) {
  if (context.arguments.dry_run) return plan_predict(context, result);
  const auto options = options_of<PredictOptions>(context);
  const auto start = Clock::now();
  const bool is_part = !context.arguments.exchange.empty();
  const std::string& exchange = context.arguments.exchange;
  RecordOutput output = record_output(options.format, options.output, options.default_output);
  if (is_part) output = {data::RecordFormat::npz, handed_predictions(exchange).string()};

  status::set_phase("open the model and its input");
  data::InputWatch watch(options.inputs);
  PredictionSource source = open_prediction_source(options);
  const auto model = lvm::load_model(source.file);
  ComputeWish wish{options.device, options.device_fallback, options.precision};
  wish.context = source.contexts->length();
  const auto [device, precision] = place_model(*model, wish, source.run);
  const auto predictor = lvm::five_cat::make_predictor(model, device);
  tell_header(
      header_of(context, options, source, device.str(), to_word(precision), is_part ? "" : output.path));

  status::set_phase("predict");
  const auto predict_start = Clock::now();
  const std::int64_t count = source.contexts->size(), width = source.contexts->width();
  std::vector<data::Column> columns = prediction_columns(width, 0);
  const bool rows_too = is_part && source.contexts->of_vectors();
  if (rows_too) columns.push_back(context_rows(source.contexts->length()));
  data::RecordWriter writer(output.path, output.format, columns, count, nullptr, if_taken(context));
  predict_all(source, *predictor, rows_too, writer);
  const double predict_s = seconds_since(predict_start);
  watch.check();
  status::set_phase("flush to disk");
  writer.finish();

  PredictionResult told;
  told.model = source.file.path.string();
  told.predictions = count;
  told.context = source.contexts->length();
  told.width = width;
  told.device = device.str();
  told.precision = to_word(precision);
  told.predict_s = predict_s;
  told.wall_s = seconds_since(start);
  told.rss_mb = peak_memory_mb();
  if (!is_part) told.output = writer.target();
  result.result = told;
  report::Block made;
  made.add("predict", {fmt::format("{} predictions of width {}", count, width)});
  made.add("time", {fmt::format("{:.2f} s", told.wall_s), fmt::format("predicted in {:.3f} s", predict_s)});
  if (is_part) {
    told.of_vectors = rows_too;
    write_file_atomically(handed_result(exchange), json_message(told));
    tell_header(made);
  } else {
    tell_made(context, output, writer.target(), std::move(made), result);
  }
}

void plan_predict(const JobContext& context, JobResult& result) {
  const auto options = options_of<PredictOptions>(context);
  const PredictionSource source = open_prediction_source(options);
  const std::int64_t count = source.contexts->size(), width = source.contexts->width();
  const std::int64_t k = options.index.empty() ? 0 : options.k;
  const RecordOutput output = record_output(options.format, options.output, options.default_output);
  const std::int64_t bytes = count * (width * 4 + 16 + k * 12);
  result.result = {{"output", output.path}, {"model", source.file.path.string()},
                   {"predictions", count},  {"context", source.contexts->length()},
                   {"width", width},        {"k", k},
                   {"disk_bytes", bytes}};
  report::Block plan;
  plan.add("predict", {fmt::format("{} predictions of width {}", count, width)});
  plan.add("model", {source.file.path.string()});
  plan.add("disk", {fmt::format("about {} as npz", format_bytes(static_cast<double>(bytes)))});
  plan.add("output", {output.path});
  tell_closing(
      context, [&](std::size_t) { return plan; }, result);
}

}  // namespace runner::jobs
