#pragma once
// What a file is, by the few bytes that say so. For deciding what an output may replace; reading checks more.
// All of them answer false for what is no regular file or cannot be read.

#include <filesystem>
#include <set>
#include <string>

namespace runner {

bool is_zip(const std::filesystem::path& file);  // .npz and .pt are zip archives
// Any float index that faiss.write_index made: four letters, width, rows, and the two numbers 2^20 that every
// header carries.
bool is_faiss_index(const std::filesystem::path& file);
// A manifest.json that `job` wrote: a JSON object with "job": "JOB".
bool is_manifest_of(const std::string& job, const std::filesystem::path& file);
// Begins as a JSON object, or as the first of JSON lines.
bool is_json_object(const std::filesystem::path& file);
// The report of runner eval: a JSON object with gates and whether they passed, and no manifest.
bool is_eval_report(const std::filesystem::path& file);

// What a training run writes into its folder, by name.
const std::set<std::string>& names_in_a_run();

}  // namespace runner
