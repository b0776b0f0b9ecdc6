#pragma once
// Where the program and its plug-ins lie.

#include <filesystem>
#include <string>

namespace runner::runtime {

std::filesystem::path program_path();  // /proc/self/exe
// Folder that holds the plug-ins: beside the program, or ../lib/runner of an installed one.
std::filesystem::path plugin_folder();
// Where the plug-in "librunner_train" is to lie: FOLDER/librunner_train.so.
std::filesystem::path plugin_path(const std::string& plugin);
// The same; throws EnvironmentError when it is not there.
std::filesystem::path plugin_file(const std::string& plugin);

}  // namespace runner::runtime
