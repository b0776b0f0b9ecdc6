#pragma once
// Logging: spdlog's default logger, on stderr. stdout carries results only.

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>  // fmt::join, since fmt 11
#include <spdlog/spdlog.h>

#include <filesystem>
#include <string>

namespace runner {

enum class Verbosity { quiet, normal, verbose };  // warnings and errors only · information · debug

// Call once, first thing in each process. RUNNER_LOG=debug|info|warn|error overrides `verbosity`.
void setup_logging(Verbosity verbosity);
// Copies the log to a file as well, from now on.
void log_to_file(const std::filesystem::path& path);

// Lines that are read as one block: to stderr `shown`, without time and level, and into the log's copy in a
// file `kept`, with them. At the level of information.
void log_block(const std::string& shown, const std::string& kept);

}  // namespace runner
