#pragma once
// Vectors for the tests of src/index, and the folder they lie in.

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/formats/numpy/npz_writer.h"
#include "data/samples/vectors.h"
#include "support/temporary_folder.h"

namespace runner::test {

inline std::vector<float> random_vectors(std::int64_t rows, std::int64_t width, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(rows * width));
  for (float& value : values) value = normal(random);
  return values;
}

// Writes them as X.npz with ids 1000 + 3·row.
inline std::string write_npz(const std::filesystem::path& path, const std::vector<float>& values,
                             std::int64_t width, data::Compression compression = data::Compression::stored) {
  const auto rows = static_cast<std::int64_t>(values.size()) / width;
  data::NpzWriter writer(path, compression);
  writer.write("vectors", data::DType::f32, {rows, width}, values.data());
  std::vector<std::int64_t> ids;
  for (std::int64_t row = 0; row < rows; ++row) ids.push_back(1000 + 3 * row);
  writer.write("chunk_ids", ids);
  writer.finish();
  return path.string();
}

// "PLACE: message" of the error that `action` throws; fails the test when it throws none.
template <class E, class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const E& error) {
    return error.line();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

}  // namespace runner::test
