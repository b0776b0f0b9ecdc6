#include "jobs/smoke/faiss_part.h"

#include <faiss/IndexFlat.h>

#include <cmath>
#include <cstdint>
#include <exception>
#include <random>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/status.h"
#include "index/build/faiss_version.h"
#include "jobs/smoke/report.h"

namespace runner::jobs {
namespace {

constexpr int rows = 100;
constexpr int dimension = 768;

std::vector<float> unit_vectors() {
  std::mt19937 random(1234);
  std::normal_distribution<float> normal;
  std::vector<float> vectors(static_cast<std::size_t>(rows) * dimension);
  for (int row = 0; row < rows; ++row) {
    float* v = vectors.data() + static_cast<std::size_t>(row) * dimension;
    double square = 0;
    for (int i = 0; i < dimension; ++i) {
      v[i] = normal(random);
      square += static_cast<double>(v[i]) * v[i];
    }
    const auto scale = static_cast<float>(1.0 / std::sqrt(square));
    for (int i = 0; i < dimension; ++i) v[i] *= scale;
  }
  return vectors;
}

FaissFindings build_and_search() {
  const std::vector<float> vectors = unit_vectors();
  faiss::IndexFlatIP index(dimension);
  index.add(rows, vectors.data());
  std::vector<float> scores(rows);
  std::vector<std::int64_t> ids(rows);
  index.search(rows, vectors.data(), 1, scores.data(), ids.data());
  int found = 0;
  for (int row = 0; row < rows; ++row) found += ids[row] == row && std::abs(scores[row] - 1.0F) < 1e-4F;
  if (found != rows) {
    throw EnvironmentError(
        fmt::format("FAISS found only {} of {} vectors by themselves: its BLAS or OpenMP computes wrongly; "
                    "`runner doctor` shows what is loaded",
                    found, rows));
  }
  return {index.ntotal, dimension, found, ann::faiss_version()};
}

}  // namespace

FaissFindings smoke_faiss() {
  status::set_phase("smoke: FAISS");
  try {
    return build_and_search();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw EnvironmentError(fmt::format("FAISS failed: {}", error.what()));
  }
}

void run_smoke_faiss(const JobContext& context, JobResult& result) {
  SmokeResult findings;
  findings.faiss = smoke_faiss();
  finish_smoke(context, std::move(findings), result);
}

}  // namespace runner::jobs
