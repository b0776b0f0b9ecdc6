#include "ranks/speaker.h"

#include <spdlog/pattern_formatter.h>

#include <cstdlib>
#include <memory>

#include "base/log.h"
#include "base/printable.h"

namespace runner::ranks {
namespace {

class NamedFormatter : public spdlog::formatter {
 public:
  explicit NamedFormatter(std::string name) : name_(std::move(name)), inner_("%H:%M:%S %^%-5l%$ %v") {}
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const std::string text = name_ + ": " + printable({message.payload.data(), message.payload.size()});
    spdlog::details::log_msg named = message;
    named.payload = text;
    inner_.format(named, out);
    message.color_range_start = named.color_range_start;
    message.color_range_end = named.color_range_end;
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<NamedFormatter>(name_);
  }

 private:
  std::string name_;
  spdlog::pattern_formatter inner_;
};

}  // namespace

void say_errors_only(const RankPlace& place) {
  const auto logger = spdlog::default_logger();
  logger->set_formatter(std::make_unique<NamedFormatter>(name_of(place)));
  const char* wanted = std::getenv("RUNNER_LOG");
  if (wanted == nullptr || *wanted == '\0') logger->set_level(spdlog::level::err);
}

}  // namespace runner::ranks
