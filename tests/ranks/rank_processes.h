#pragma once
// Runs of several ranks as users start them: real processes, a small model, the bundled sample.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <sstream>
#include <thread>

#include "base/json.h"
#include "base/json_parse.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {

// configs/CONFIG.yaml on the sample, with `sizes` of the model.
inline std::vector<std::string> training_of(const std::string& config, const std::vector<std::string>& sizes,
                                            const std::string& output, const std::vector<std::string>& more,
                                            const std::string& device = "cpu") {
  std::vector<std::string> line{
      "train",  std::string(RUNNER_SOURCE_DIR) + "/configs/" + config + ".yaml",
      "--npz",  std::string(RUNNER_SOURCE_DIR) + "/artifacts/sample/cppdocs_768.npz",
      "--json", "--device",
      device,   "--precision",
      "fp32",   "--output",
      output};
  for (const std::string& key : sizes) line.insert(line.end(), {"--set", key});
  line.insert(line.end(), more.begin(), more.end());
  return line;
}

inline std::vector<std::string> small_transformer() {
  return {"model.d_model=64", "model.heads=4", "model.layers=2", "model.feedforward=128"};
}

inline std::vector<std::string> small_training(const std::string& output,
                                               const std::vector<std::string>& more = {},
                                               const std::string& device = "cpu") {
  return training_of("p6b_v23", small_transformer(), output, more, device);
}

inline std::string file_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// All values of a model.safetensors, one tensor after the other.
inline std::vector<float> values_of(const std::filesystem::path& folder) {
  const std::string text = file_text(folder / "model.safetensors");
  std::uint64_t head = 0;
  if (text.size() < 8) return {};
  std::memcpy(&head, text.data(), 8);
  std::vector<float> values((text.size() - 8 - head) / sizeof(float));
  std::memcpy(values.data(), text.data() + 8 + head, values.size() * sizeof(float));
  return values;
}

// Weights and moments of a checkpoint.
inline std::vector<float> state_of(const std::filesystem::path& folder, const std::string& checkpoint) {
  const std::string text = file_text(folder / "checkpoints" / checkpoint / "tensors.bin");
  std::vector<float> values(text.size() / sizeof(float));
  std::memcpy(values.data(), text.data(), values.size() * sizeof(float));
  return values;
}

// |a - b| / |b|, of all weights together.
inline double difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size() || a.empty()) return 1e9;
  double apart = 0, all = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    apart += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    all += double{b[i]} * b[i];
  }
  return std::sqrt(apart / all);
}

inline Json last_object(const std::string& out) {
  std::size_t end = out.find_last_not_of('\n');
  if (end == std::string::npos) return nullptr;
  const std::size_t start = out.rfind('\n', end);
  return parse_json(out.substr(start == std::string::npos ? 0 : start + 1), "stdout");
}

// The worker of a rank that `RANK` and a marker in the environment tell; -1 when there is none.
inline pid_t worker_of(int rank, const std::string& marker) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string environment = '\0' + file_text(entry.path() / "environ"),
                      line = file_text(entry.path() / "cmdline");
    if (line.find("--worker") == std::string::npos) continue;
    if (environment.find('\0' + std::string("RANK=") + std::to_string(rank) + '\0') == std::string::npos)
      continue;
    if (environment.find('\0' + std::string("RANKS_TEST=") + marker + '\0') != std::string::npos)
      return std::stoi(name);
  }
  return -1;
}

// Waits until the run has come to `step`, as its metrics tell.
inline bool wait_for_step(const std::filesystem::path& folder, int step) {
  for (int i = 0; i < 1200; ++i) {
    std::ifstream in(folder / "metrics.jsonl");
    for (std::string line; std::getline(in, line);) {
      const std::size_t at = line.find("\"step\":");
      if (at != std::string::npos && std::atoi(line.c_str() + at + 7) >= step) return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

// Starts a run of two ranks; `fault` gets the process of rank 1's worker when step 10 is over.
inline ProgramResult with_fault(const std::string& output, const std::vector<std::string>& more,
                                const std::function<void(pid_t)>& fault, double* seconds = nullptr,
                                const std::string& device = "cpu", ProgramOptions options = {}) {
  options.environment["RANKS_TEST"] = output;
  auto line = small_training(output, more, device);
  line.insert(line.end(), {"--nproc", "2", "--batch-size", "16", "--set", "train.log_every=5"});
  auto run = std::async(std::launch::async, [&] { return run_runner(line, options); });
  EXPECT_TRUE(wait_for_step(output, 10));
  const pid_t worker = worker_of(1, output);
  EXPECT_GT(worker, 0);
  const auto start = std::chrono::steady_clock::now();
  if (worker > 0) fault(worker);
  const ProgramResult result = run.get();
  if (seconds != nullptr)
    *seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

// A rank a command line by hand, as a launcher would.
inline std::vector<ProgramResult> by_hand(const std::vector<std::vector<std::string>>& lines,
                                          const std::vector<std::map<std::string, std::string>>& environments,
                                          int port) {
  std::vector<std::future<ProgramResult>> runs;
  for (std::size_t rank = 0; rank < lines.size(); ++rank)
    runs.push_back(std::async(std::launch::async, [&, rank] {
      ProgramOptions options;
      options.environment = {{"RANK", std::to_string(rank)},
                             {"WORLD_SIZE", std::to_string(lines.size())},
                             {"LOCAL_RANK", std::to_string(rank)},
                             {"MASTER_ADDR", "127.0.0.1"},
                             {"MASTER_PORT", std::to_string(port)}};
      for (const auto& [name, value] : environments[rank]) options.environment[name] = value;
      return run_runner(lines[rank], options);
    }));
  std::vector<ProgramResult> results;
  for (auto& run : runs) results.push_back(run.get());
  return results;
}

}  // namespace runner::test
