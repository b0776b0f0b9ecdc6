#include "base/last_words.h"

#include <unistd.h>

#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace runner {
namespace {

std::function<void(const std::string&)> told = [](const std::string& message) {
  spdlog::error("{}", message);
};

}  // namespace

void set_last_words(std::function<void(const std::string& message)> tell) {
  told = std::move(tell);
}

void end_process(const std::string& message) {
  told(message);
  spdlog::default_logger()->flush();
  ::_exit(static_cast<int>(ExitCode::failed));
}

}  // namespace runner
