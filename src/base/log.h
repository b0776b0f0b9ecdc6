#pragma once
// Logging: spdlog's default logger, on stderr. stdout carries results only.

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>  // fmt::join, since fmt 11
#include <spdlog/spdlog.h>

#include <filesystem>

namespace runner {

enum class Verbosity { quiet, normal, verbose };  // warnings and errors only · information · debug

// Call once, first thing in each process. RUNNER_LOG=debug|info|warn|error overrides `verbosity`.
void setup_logging(Verbosity verbosity);
// Copies the log to a file as well, from now on.
void log_to_file(const std::filesystem::path& path);

// True when stderr is a terminal that wants a redrawn progress line.
bool stderr_is_terminal();
// True when colour may be used on this descriptor: a terminal, TERM not dumb, NO_COLOR unset.
bool colour_allowed(int fd);

}  // namespace runner
