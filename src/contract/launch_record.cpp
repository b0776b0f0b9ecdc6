#include "contract/launch_record.h"

#include "base/shell_quote.h"

namespace runner {

std::string resume_line(const LaunchRecord& launch, const std::string& folder) {
  return (launch.resume.empty() ? "runner train CONFIG" : launch.resume) + " --resume --output " +
         shell_quoted(folder);
}

}  // namespace runner
