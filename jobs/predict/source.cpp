#include "jobs/predict/source.h"

#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "data/mapped_file.h"
#include "jobs/trained_model.h"

namespace runner::jobs {
namespace {

constexpr std::int64_t usual_context = 5;

// A value of the run that made the model: config.json says it by `name`, the run's config.yaml and the `args`
// of a .pt file by `key`.
std::string recorded(const PredictionSource& source, const char* name, const std::string& key,
                     const std::optional<std::string>& of_run) {
  const Json& values = source.file.values;
  for (const auto& [place, at] :
       {std::pair<const char*, std::string>{"", name}, {"model_config", name}, {"args", key}}) {
    const Json& group = *place == 0 ? values : values.value(place, Json::object());
    if (!group.is_object() || !group.contains(at)) continue;
    const Json& value = group.at(at);
    return value.is_string() ? value.get<std::string>() : json_text(value);
  }
  return of_run.value_or("");
}

// T, and who says so.
std::pair<std::int64_t, std::string> context_length(const PredictionSource& source,
                                                    const PredictOptions& options) {
  const auto of_run =
      source.run ? std::optional<std::string>(std::to_string(source.run->data.context)) : std::nullopt;
  const std::string told = recorded(source, "context", "data.context", of_run);
  const std::int64_t own = std::atoll(told.c_str());
  const std::string place = source.file.path.string();
  if (options.context && own > 0 && *options.context != own)
    throw UsageError(fmt::format("is {}; the model of {} reads contexts of {} vectors: leave the key out",
                                 *options.context, place, own),
                     "context");
  if (options.context) return {*options.context, "key context"};
  if (own > 0) return {own, place + ", key context"};
  spdlog::info("{}: tells no context; {} vectors, as usual (--set context=N says another)", place,
               usual_context);
  return {usual_context, "the usual; the model tells none, --set context=N does"};
}

// The first bytes of every FAISS index of floats: four letters, then the width. Found out before anything is
// computed; the half with FAISS says what is wrong with other files.
void check_index(const std::string& path, std::int64_t width, const std::string& model) {
  const data::MappedFile file(path);
  std::int32_t own = 0;
  if (file.size() < 4 + sizeof own || file.data()[0] != std::byte{'I'})
    throw DataError("no FAISS index: it does not begin as one", path);
  file.read(4, &own, sizeof own);
  if (own != width)
    throw DataError(fmt::format("holds vectors of width {}; the model {} predicts {}", own, model, width),
                    path);
}

}  // namespace

PredictionSource open_prediction_source(const PredictOptions& options) {
  PredictionSource source;
  source.file = lvm::read_model_file(options.model);
  source.run = run_of(options.model);
  const std::string model = source.file.path.string();
  const auto [length, told_by] = context_length(source, options);
  source.contexts = open_contexts(options.inputs, length, told_by);
  if (source.contexts->width() != source.file.sizes.width)
    throw DataError(fmt::format("vectors of width {}; the model {} reads {}", source.contexts->width(), model,
                                source.file.sizes.width),
                    options.inputs[0]);
  if (source.contexts->size() == 0)
    throw DataError(fmt::format("no context of {} rows ({}) fits into any article", length, told_by),
                    options.inputs[0]);
  if (!options.index.empty()) check_index(options.index, source.contexts->width(), model);
  const auto of_run =
      source.run ? std::optional<std::string>(source.run->data.normalize ? "true" : "false") : std::nullopt;
  source.normalize = recorded(source, "normalize", "data.normalize", of_run) == "true";
  return source;
}

}  // namespace runner::jobs
