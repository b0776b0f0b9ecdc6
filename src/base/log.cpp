#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/append_file.h"
#include "base/console.h"
#include "base/error.h"
#include "base/printable.h"

namespace runner {
namespace {

// What a message quotes, a path or a library's complaint, must not command the terminal.
class PrintableFormatter : public spdlog::formatter {
 public:
  explicit PrintableFormatter(std::unique_ptr<spdlog::formatter> inner) : inner_(std::move(inner)) {}
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const std::string text = printable({message.payload.data(), message.payload.size()});
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
  logger->set_formatter(formatter("%H:%M:%S %^%-5l%$ %v"));
  const char* variable = std::getenv("RUNNER_LOG");
  const std::string wanted = variable == nullptr ? "" : variable;
  auto level = verbosity == Verbosity::quiet     ? spdlog::level::warn
               : verbosity == Verbosity::verbose ? spdlog::level::debug
                                                 : spdlog::level::info;
  const auto named = level_named(wanted);
  // A full disk or a terminal that went away costs the line, never the work. Told once.
  logger->set_error_handler([](const std::string& reason) {
    static std::atomic<bool> told{false};
    if (!told.exchange(true)) tell("runner: lines of the log get lost: " + reason + "\n");
  });
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

}  // namespace runner
