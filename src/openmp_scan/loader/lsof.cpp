#include "openmp_scan/loader/lsof.h"

#include "openmp_scan/loader/search.h"

namespace runner::runtime {

std::vector<std::string> mapped_from_lsof(const std::string& output) {
  std::vector<std::string> paths;
  bool is_text = false;
  for (const std::string& line : split_list(output, "\n")) {
    if (line[0] == 'f')
      is_text = line == "ftxt";
    else if (line[0] == 'n' && is_text && line.size() > 1 && line[1] == '/')
      paths.push_back(line.substr(1));
  }
  return paths;
}

}  // namespace runner::runtime
