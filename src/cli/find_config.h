#pragma once
// Where a configuration file is: as named, by short name, or among those that ship with an installed runner.

#include <filesystem>
#include <string>
#include <vector>

namespace runner::cli {

// "configs/x.yaml" as it is; "p6b_v23" also as configs/p6b_v23.yaml and
// PREFIX/share/runner/configs/p6b_v23.yaml. Throws UsageError naming the places looked at.
std::filesystem::path find_config(const std::string& name);

// Short names of the files that find_config finds by one, sorted: "mse_gru", "p6b_v23", …
std::vector<std::string> short_config_names();

// PREFIX/share/runner of an installed runner, or "" when there is none.
std::filesystem::path share_folder();

// A config's text. A pipe (`runner train <(sed … x.yaml)`) is read once and remembered; one into which nobody
// writes is refused after two seconds. Throws UsageError.
std::string read_config(const std::filesystem::path& path);

}  // namespace runner::cli
