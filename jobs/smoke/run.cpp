#include "jobs/smoke/run.h"

#include "base/error.h"
#include "jobs/job_type.h"
#include "jobs/smoke/faiss_part.h"
#include "jobs/smoke/report.h"
#include "jobs/smoke/torch_part.h"

namespace runner::jobs {

void run_smoke(const JobContext& context, JobResult& result) {
  const std::string& part = context.arguments.part;
  if (part == "faiss") return run_smoke_faiss(context, result);
  if (part == "torch") return run_smoke_torch(context, result);
  if (!part.empty()) throw UsageError("unknown part of the smoke job (expected faiss or torch)", part);
  // FAISS first, as a notebook does it: the order that provokes the classic abort.
  SmokeResult findings;
  findings.faiss = smoke_faiss();
  findings.torch = smoke_torch(options_of<SmokeOptions>(context), context.json);
  finish_smoke(context, std::move(findings), result);
}

}  // namespace runner::jobs
