#pragma once
// Lists, folders and variables as the loaders read them.

#include <filesystem>
#include <string>
#include <vector>

#include "openmp_scan/scan.h"

namespace runner::runtime {

// "a:b" → {"a", "b"}; empty parts are left out.
std::vector<std::string> split_list(const std::string& text, const char* separators);
// The folder of a path: "/a/b" → "/a"; "b" → ".".
std::string folder_of(const std::string& path);
// `path` below the root, where a root is set and the path is not below it already.
std::string below(const std::filesystem::path& root, const std::string& path);
std::string variable(const Environment& environment, const char* name);

}  // namespace runner::runtime
