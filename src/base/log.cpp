#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>

#include "base/append_file.h"
#include "base/colour.h"
#include "base/error.h"
#include "base/live_line.h"
#include "base/printable.h"
#include "base/terminal.h"

namespace runner {
namespace {

constexpr std::size_t text_column = 9;  // behind "12:00:00 "

// What a message quotes, a path or a library's complaint, must neither command the terminal nor tell a
// secret.
class PrintableFormatter : public spdlog::formatter {
 public:
  explicit PrintableFormatter(std::unique_ptr<spdlog::formatter> inner) : inner_(std::move(inner)) {}
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const std::string text = presentable({message.payload.data(), message.payload.size()});
    spdlog::details::log_msg harmless = message;
    harmless.payload = text;
    inner_->format(harmless, out);
    message.color_range_start = harmless.color_range_start;
    message.color_range_end = harmless.color_range_end;
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<PrintableFormatter>(inner_->clone());
  }

 private:
  std::unique_ptr<spdlog::formatter> inner_;
};

std::unique_ptr<spdlog::formatter> formatter(const char* pattern) {
  return std::make_unique<PrintableFormatter>(std::make_unique<spdlog::pattern_formatter>(pattern));
}

// To stderr, above the live line, levels in colour.
class ConsoleSink : public spdlog::sinks::base_sink<std::mutex> {
 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const std::size_t width = terminal_width(STDERR_FILENO, std::string::npos);
    std::string text = wrap({line.data(), line.size()}, width, text_column);
    if (colour_allowed(STDERR_FILENO) && message.color_range_end > message.color_range_start) {
      text.insert(message.color_range_end, "\033[0m");
      text.insert(message.color_range_start, colour_of(message.level));
    }
    live_line::tell_above(text);
  }
  void flush_() override {}

  static const char* colour_of(spdlog::level::level_enum level) {
    if (level >= spdlog::level::err) return "\033[1;31m";
    if (level == spdlog::level::warn) return "\033[1;33m";
    return level == spdlog::level::info ? "\033[32m" : "\033[36m";
  }
};

// Whole lines into a file of ours.
class FileSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(const std::filesystem::path& path) : file_(path) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    try {
      file_.add({line.data(), line.size()});
    } catch (const RunError& error) {
      throw spdlog::spdlog_ex(error.line());
    }
  }
  void flush_() override {}

  AppendFile file_;
};

// A full disk or a terminal that went away costs the line, never the work. Told once.
void tell_of_lost_lines(const std::string& reason) {
  static std::atomic<bool> told{false};
  if (!told.exchange(true)) live_line::tell_above("runner: lines of the log get lost: " + reason + "\n");
}

std::optional<spdlog::level::level_enum> level_named(std::string name) {
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (name == "trace") return spdlog::level::trace;
  if (name == "debug") return spdlog::level::debug;
  if (name == "info") return spdlog::level::info;
  if (name == "warn" || name == "warning") return spdlog::level::warn;
  if (name == "error" || name == "err") return spdlog::level::err;
  return std::nullopt;
}

}  // namespace

void setup_logging(Verbosity verbosity) {
  auto logger = std::make_shared<spdlog::logger>("", std::make_shared<ConsoleSink>());
  logger->set_formatter(formatter("%H:%M:%S %^%-5l%$ %v"));
  const char* variable = std::getenv("RUNNER_LOG");
  const std::string wanted = variable == nullptr ? "" : variable;
  auto level = verbosity == Verbosity::quiet     ? spdlog::level::warn
               : verbosity == Verbosity::verbose ? spdlog::level::debug
                                                 : spdlog::level::info;
  const auto named = level_named(wanted);
  logger->set_error_handler(tell_of_lost_lines);
  logger->set_level(named.value_or(level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
  if (wanted.empty() || named) return;
  spdlog::warn("RUNNER_LOG={}: no such level, ignored; expected debug, info, warn or error", wanted);
  ::unsetenv("RUNNER_LOG");  // said once: not again by the processes that this one starts
}

void log_to_file(const std::filesystem::path& path) {
  try {
    auto sink = std::make_shared<FileSink>(path);
    sink->set_formatter(formatter("%Y-%m-%dT%H:%M:%S%z %-5l %v"));
    spdlog::default_logger()->sinks().push_back(std::move(sink));
  } catch (const RunError& error) {
    spdlog::warn("{}; no copy of the log is kept there", error.line());
  }
}

void log_block(const std::string& shown, const std::string& kept) {
  if (!spdlog::should_log(spdlog::level::info)) return;
  const std::string text = presentable(shown);
  live_line::tell_above(colour_allowed(STDERR_FILENO) ? colour_states(text) : text);
  const auto& sinks = spdlog::default_logger()->sinks();
  spdlog::logger copies("", sinks.begin() + 1, sinks.end());
  copies.set_error_handler(tell_of_lost_lines);
  std::istringstream lines(kept);
  for (std::string line; std::getline(lines, line);) copies.info("{}", line);
}

}  // namespace runner
