#include "cli/plain_plan.h"

#include <unistd.h>

#include <filesystem>

#include "base/json_text.h"
#include "base/progress.h"
#include "config/dump.h"
#include "config/resolve.h"
#include "report/block.h"

namespace runner::cli {

int print_plain_plan(const jobs::JobType& type, const config::Binder& binder, bool json) {
  Json inputs = Json::array();
  std::vector<std::string> lines;
  std::string output;
  for (const auto& field : binder.fields()) {
    if (field->key == "output") output = config::field_text(*field);
    for (const std::string& path : config::input_paths(*field)) {
      if (path.empty()) continue;
      std::error_code is_folder;
      const std::uintmax_t bytes = std::filesystem::file_size(path, is_folder);
      Json input = {{"path", path}};
      if (!is_folder) input["bytes"] = bytes;
      inputs.push_back(input);
      lines.push_back(is_folder ? path
                                : fmt::format("{} ({})", path, format_bytes(static_cast<double>(bytes))));
    }
  }
  if (json) {
    fmt::print("{}\n", json_text(Json{{"job", type.name}, {"inputs", inputs}, {"output", output}}));
    return 0;
  }
  report::Block block;
  block.add("plan", {std::string(type.name), "nothing was run"});
  if (!lines.empty()) block.add_list("reads", lines);
  if (!output.empty()) block.add("output", {output});
  fmt::print("{}", block.text(report::block_width(STDOUT_FILENO)));
  return 0;
}

}  // namespace runner::cli
