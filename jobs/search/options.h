#pragma once
// runner search: what its command line says.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/common_options.h"
#include "data/formats/records/record_writer.h"

namespace runner::jobs {

struct SearchOptions : config::CommonOptions {
  std::string index;                         // an index file
  std::vector<std::string> queries;          // vectors files
  std::int64_t k = 10;                       // neighbours a query
  bool normalize = false;                    // queries to length 1 first
  std::optional<std::string> titles;         // of the rows, for text (jobs/search/titles.h)
  std::optional<data::RecordFormat> format;  // default: by the output's ending, else npz
  static constexpr const char* default_output = "neighbours.npz";  // of text: standard output
  std::string output = default_output;
};

void declare(config::Binder& b, SearchOptions& o);
std::vector<config::Problem> check(const SearchOptions& o);

}  // namespace runner::jobs
