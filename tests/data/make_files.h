#pragma once
// Small input files for the data tests.

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/formats/numpy/npz_writer.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {

inline const std::string fixtures = std::string(RUNNER_SOURCE_DIR) + "/tests/fixtures";
inline const char* const python = "/usr/bin/python3";

// True when Debian's python3 with NumPy is there; tests against it are skipped without.
inline bool have_numpy() {
  static const bool have = run_program({python, "-c", "import numpy"}).exit_code == 0;
  return have;
}

// Runs Python in the folder, `np` imported; what it printed, or its traceback.
inline std::string run_numpy(const std::filesystem::path& folder, const std::string& script) {
  const ProgramResult result =
      run_program({python, "-c", "import numpy as np\n" + script}, {folder.string(), {}});
  return result.exit_code == 0 ? result.out : result.err;
}

// "PLACE: message" of the error that `action` throws; fails the test when it throws none.
template <class E, class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const E& error) {
    return error.line();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

// Rows whose values are r + c/100, never zero, in `rows` x `width`.
inline std::vector<float> numbered_rows(std::int64_t rows, std::int64_t width) {
  std::vector<float> values;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < width; ++c)
      values.push_back(static_cast<float>(r + 1) + static_cast<float>(c) / 100);
  return values;
}

// A vectors file: `articles` gives one article number a row (none: no such array).
inline std::string write_vectors(const std::filesystem::path& path, std::int64_t width,
                                 const std::vector<std::int64_t>& articles, std::int64_t rows = 0,
                                 data::Compression compression = data::Compression::stored) {
  if (!articles.empty()) rows = static_cast<std::int64_t>(articles.size());
  data::NpzWriter writer(path, compression);
  writer.write("vectors", data::DType::f32, {rows, width}, numbered_rows(rows, width).data());
  if (!articles.empty()) writer.write("article_indices", articles);
  writer.finish();
  return path.string();
}

}  // namespace runner::test
