#include "contract/error_record.h"

#include "base/mistakes.h"

namespace runner {

ErrorRecord error_record(int code, const std::string& message, const std::string& place) {
  return {code, message, place, {{place, "", message}}};
}

ErrorRecord error_record(const Error& error) {
  ErrorRecord record = error_record(static_cast<int>(error.code()), error.what(), error.place());
  const auto* several = dynamic_cast<const Mistakes*>(&error);
  if (several == nullptr) return record;
  record.problems.clear();
  for (const Mistake& mistake : several->all())
    record.problems.push_back({mistake.place, mistake.key, mistake.message});
  return record;
}

}  // namespace runner
