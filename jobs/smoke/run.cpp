#include "base/error.h"
#include "jobs/job_type.h"
#include "jobs/smoke/parts.h"
#include "jobs/smoke/report.h"

namespace runner::jobs {

void run_smoke(const JobContext& context, JobResult& result) {
  const std::string part = context.arguments.value("part", "both");
  if (part == "faiss") return run_smoke_faiss(context, result);
  if (part == "torch") return run_smoke_torch(context, result);
  if (part != "both") throw UsageError("unknown part of the smoke job (expected faiss, torch or both)", part);
  // FAISS first, as a notebook does it: the order that provokes the classic abort.
  result.result["faiss"] = smoke_faiss();
  result.result["torch"] = smoke_torch(read_options<SmokeOptions>(context.config), context.json);
  finish_smoke(context, result);
}

}  // namespace runner::jobs
