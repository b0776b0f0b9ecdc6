#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace runner {

bool stderr_is_terminal() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && term != nullptr && std::strcmp(term, "dumb") != 0;
}

bool colour_allowed(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return ::isatty(fd) == 1 && (no_color == nullptr || *no_color == '\0') && term != nullptr &&
         std::strcmp(term, "dumb") != 0;
}

void setup_logging(Verbosity verbosity) {
  const auto mode = colour_allowed(STDERR_FILENO) ? spdlog::color_mode::always : spdlog::color_mode::never;
  auto logger =
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_color_sink_mt>(mode));
  logger->set_pattern("%H:%M:%S %^%-5l%$ %v");
  const char* wanted = std::getenv("RUNNER_LOG");
  auto level = verbosity == Verbosity::quiet     ? spdlog::level::warn
               : verbosity == Verbosity::verbose ? spdlog::level::debug
                                                 : spdlog::level::info;
  if (wanted != nullptr && *wanted != '\0') level = spdlog::level::from_str(wanted);
  logger->set_level(level);
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

void log_to_file(const std::filesystem::path& path) {
  std::filesystem::create_directories(path.parent_path());
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
  sink->set_pattern("%Y-%m-%dT%H:%M:%S%z %-5l %v");
  spdlog::default_logger()->sinks().push_back(std::move(sink));
}

}  // namespace runner
