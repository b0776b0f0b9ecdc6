#include "jobs/window_keys.h"

#include <filesystem>

#include "base/error.h"
#include "base/log.h"
#include "config/resolve.h"
#include "data/samples/detect.h"
#include "data/samples/vectors.h"
#include "data/samples/window_meaning.h"

namespace runner::jobs {
namespace {

void set(config::Field& field, const std::string& value, const std::string& file) {
  config::set_field_text(field, value);
  field.origin = file;
}

std::string text(std::int64_t value) {
  return std::to_string(value);
}
std::string text(bool value) {
  return value ? "true" : "false";
}

bool ready_windows(const std::vector<std::string>& files) {
  try {
    for (const std::string& file : files)
      if (!std::filesystem::is_regular_file(file) || data::detect(file) != data::FileKind::sequences)
        return false;
    return !files.empty();
  } catch (const DataError&) {  // the job says what is wrong with it
    return false;
  }
}

template <class T>
void take_over(config::Binder& b, const std::string& key, const std::optional<T>& told,
               const std::string& file, std::vector<config::Problem>& problems) {
  config::Field* field = b.find(key);
  if (!told || field == nullptr) return;
  const std::string given = config::field_text(*field), ours = text(*told);
  if (given == ours) return;
  if (field->origin == "default" || given.empty())
    set(*field, ours, file);
  else
    problems.push_back(
        {"", key,
         fmt::format("is {}, and the windows of {} are cut with {}; set it to {} (or leave it out), or "
                     "cut windows anew with runner sequences",
                     given, file, ours, ours)});
}

}  // namespace

std::vector<config::Problem> take_over_windows(config::Binder& b, const std::string& prefix,
                                               const std::vector<std::string>& files) {
  std::vector<config::Problem> problems;
  if (!ready_windows(files)) return problems;
  const data::WindowMeaning told = data::read_window_meaning(files);
  take_over(b, prefix + ".context", told.context, files[0], problems);
  take_over(b, prefix + ".target_offset", told.target_offset, files[0], problems);
  take_over(b, prefix + ".within_article", told.within_article, files[0], problems);
  // Older files tell no T, but have one.
  if (config::Field* field = b.find(prefix + ".context"); field != nullptr && !told.context)
    set(*field, text(data::context_of(files[0])), files[0]);
  return problems;
}

}  // namespace runner::jobs
