// A matrix product over all threads, as each training step does.
#include <cblas.h>

#include <vector>

#include "contract/job.h"

extern "C" void runner_plugin_run(const runner::JobContext&, runner::JobResult& result) {
  constexpr int n = 512;
  std::vector<float> a(n * n, 1.0F), b(n * n, 2.0F), c(n * n);
  for (int i = 0; i < 20; ++i)
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0F, a.data(), n, b.data(), n, 0.0F,
                c.data(), n);
  result.result["sum"] = c[0];
}
