#pragma once
// What libtorch's half of predict leaves for FAISS's half, in the folder that both share: the predictions
// without neighbours, as the npz that predict writes, and the first half's result.

#include <filesystem>
#include <vector>

#include "contract/prediction_result.h"
#include "data/formats/records/record_writer.h"

namespace runner::jobs {

inline std::filesystem::path handed_predictions(const std::filesystem::path& folder) {
  return folder / "predictions.npz";
}
inline std::filesystem::path handed_result(const std::filesystem::path& folder) {
  return folder / "predictions.json";
}

// One more column that is handed over: the row numbers of each context's vectors. 0 for ready contexts.
inline data::Column context_rows(std::int64_t length) {
  return {"context_rows", data::DType::i64, length};
}

// Columns of predict's output; k: neighbours a prediction, 0 for none.
inline std::vector<data::Column> prediction_columns(std::int64_t width, std::int64_t k) {
  using data::DType;
  std::vector<data::Column> columns = {
      {"predictions", DType::f32, width}, {"article", DType::i64}, {"last_row", DType::i64}};
  if (k > 0) {
    columns.push_back({"ids", DType::i64, k, "id"});
    columns.push_back({"scores", DType::f32, k, "score"});
  }
  return columns;
}

}  // namespace runner::jobs
