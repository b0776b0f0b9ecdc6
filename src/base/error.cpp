#include "base/error.h"

#include <cerrno>
#include <cstring>

#include "base/limits.h"
#include "base/printable.h"

namespace runner {

std::string Error::line() const {
  return place_.empty() ? what() : printable(place_, LineBreaks::escape) + ": " + what();
}

namespace {

// The shell's limit that such a failure comes from, if there is one.
std::string limit_behind(int code) {
  const std::string limit = code == EFBIG                      ? file_size_limit()
                            : code == ENOMEM                   ? memory_limit()
                            : code == EAGAIN || code == EMFILE ? limits_in_force()
                                                               : "";
  return limit.empty() ? "" : "; " + limit;
}

}  // namespace

void throw_errno(const std::string& what, const std::string& place) {
  const int code = errno;
  throw RunError(
      what + ": " + std::strerror(code) + " (errno " + std::to_string(code) + ")" + limit_behind(code),
      place);
}

}  // namespace runner
