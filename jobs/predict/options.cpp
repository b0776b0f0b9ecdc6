#include "jobs/predict/options.h"

#include "jobs/device_keys.h"
#include "jobs/job_type.h"
#include "jobs/record_output.h"

namespace runner::jobs {

void declare(config::Binder& b, PredictOptions& o) {
  b.option(
       "model", o.model,
       "a run's folder, its name in artifacts/lvm/models (latest), a .pt file, or a .safetensors file with "
       "config.json beside it")
      .required()
      .existing_path();
  b.option(
       "input.vectors", o.inputs,
       "vectors file(s), .npz or .npy: every context of every article, its open end too; or ready contexts "
       "[M, T, D]")
      .required()
      .existing_file()
      .flag("--npz");
  b.option("context", o.context, "vectors a context; default: the model's, 5 where it tells none")
      .range(1, 100);
  b.option("index", o.index, "an index file: the rows nearest to each prediction are looked up in it")
      .existing_file()
      .flag("--index");
  b.option("k", o.k, "with an index: neighbours a prediction").range(1, 1e6).flag("--k");
  b.option(
       "exclude_context", o.exclude_context,
       "with an index whose ids are the input's row numbers: a context's own rows are no neighbours of its "
       "prediction")
      .flag("--exclude-context");
  declare_device(b, o.device, o.device_fallback);
  declare_precision(b, o.precision, "as the model's run, fp32 for a bare file");
  declare_record_output(b, o.format, o.output);
}

std::vector<config::Problem> check(const PredictOptions& o) {
  std::vector<config::Problem> problems;
  check_record_output(o.format, o.output, o.default_output, problems);
  return problems;
}

void refine(runtime::LaunchRequest& request, const PredictOptions& o) {
  if (o.index.empty() || request.context.arguments.dry_run) return;
  request.apart = true;
  request.parts = {torch_part(), faiss_part()};
  const RecordOutput output = record_output(o.format, o.output, o.default_output);
  if (!output.is_stdout()) request.exchange_beside = output.path;
}

}  // namespace runner::jobs
