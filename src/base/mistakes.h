#pragma once
// Several mistakes that one error tells at once, each of them by itself.

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace runner {

struct Mistake {
  std::string place, key, message;  // key: of a configuration; "": none
};

// The message of the error is for people and has them all, one a line.
class Mistakes : public UsageError {
 public:
  Mistakes(const std::string& message, std::vector<Mistake> all, std::string place = "")
      : UsageError(message, std::move(place)), all_(std::move(all)) {}
  const std::vector<Mistake>& all() const { return all_; }

 private:
  std::vector<Mistake> all_;
};

}  // namespace runner
