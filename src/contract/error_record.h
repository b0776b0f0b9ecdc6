#pragma once
// The object "error" of --json, and of what a worker hands over.

#include <string>
#include <vector>

#include "base/error.h"
#include "contract/fields.h"

namespace runner {

struct ProblemRecord {
  std::string place, key, message;  // key: of the configuration

  static void fields(auto& self, auto& field) {
    field("place", self.place);
    field.unless_empty("key", self.key);
    field("message", self.message);
  }
};

struct ErrorRecord {
  int code = 0;
  std::string message, place;
  std::vector<ProblemRecord> problems;  // one, but for an error that tells several mistakes (base/mistakes.h)

  static void fields(auto& self, auto& field) {
    field("code", self.code);
    field("message", self.message);
    field("place", self.place);
    field("problems", self.problems);
  }
};

ErrorRecord error_record(int code, const std::string& message, const std::string& place);
ErrorRecord error_record(const Error& error);

}  // namespace runner
