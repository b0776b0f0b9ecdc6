#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace runner {

std::string Error::line() const {
  return place_.empty() ? what() : place_ + ": " + what();
}

void throw_errno(const std::string& what, const std::string& place) {
  const int code = errno;
  throw RunError(what + ": " + std::strerror(code) + " (errno " + std::to_string(code) + ")", place);
}

}  // namespace runner
