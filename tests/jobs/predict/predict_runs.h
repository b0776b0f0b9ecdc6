#pragma once
// Small models and what `runner predict` makes of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/json.h"
#include "data/formats/numpy/npz.h"
#include "data/formats/numpy/npz_writer.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {

using Words = std::vector<std::string>;

// 14 articles of 120 rows, width 8.
inline const std::string small_vectors = RUNNER_SOURCE_DIR "/tests/fixtures/sequences/input.npz";

inline std::vector<float> floats_of(const std::string& path, const std::string& name) {
  const std::string bytes = data::read_bytes(data::Npz(path).array(name));
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

inline std::vector<std::int64_t> integers_of(const std::string& path, const std::string& name) {
  const data::Array array = data::Npz(path).array(name);
  const std::string bytes = data::read_bytes(array);
  EXPECT_EQ(array.header.dtype, data::DType::i64) << name;
  std::vector<std::int64_t> values(bytes.size() / sizeof(std::int64_t));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

inline Json last_line(const std::string& out) {
  const std::size_t end = out.find_last_not_of('\n');
  if (end == std::string::npos) return {};
  const std::size_t start = out.rfind('\n', end);
  return Json::parse(out.substr(start == std::string::npos ? 0 : start + 1, end + 1), nullptr, false);
}

inline ProgramResult runner_in(const std::filesystem::path& folder, Words words) {
  return run_runner(std::move(words), {.folder = folder.string(), .environment = {}});
}

// Two steps of training on the small vectors, into FOLDER/artifacts/lvm/models/run, `latest` beside it.
inline std::string small_model(const TemporaryFolder& folder, const Words& settings = {}) {
  Words words = {
      "train",    "mse_transformer",          "--npz",    small_vectors, "--max-steps", "2",   "--quiet",
      "--output", "artifacts/lvm/models/run", "--device", "cpu",         "--precision", "fp32"};
  Words all = {"model.d_model=16", "model.heads=2", "model.layers=2", "model.feedforward=24",
               "train.batch_size=8"};
  all.insert(all.end(), settings.begin(), settings.end());
  for (const std::string& setting : all) words.insert(words.end(), {"--set", setting});
  std::error_code ignored;
  std::filesystem::create_directory_symlink(RUNNER_SOURCE_DIR "/configs", folder / "configs", ignored);
  const ProgramResult run = runner_in(folder.path(), words);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return (folder / "artifacts/lvm/models/run").string();
}

// runner predict in the folder, fp32 on the CPU; it must succeed. The --json object.
inline Json predict(const TemporaryFolder& folder, Words words) {
  words.insert(words.begin(), "predict");
  words.insert(words.end(), {"--device", "cpu", "--json"});
  const ProgramResult run = runner_in(folder.path(), words);
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  return last_line(run.out);
}

}  // namespace runner::test
