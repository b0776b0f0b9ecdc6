#include "contract/manifest.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_file.h"
#include "base/json_text.h"
#include "base/time.h"
#include "base/version.h"

namespace runner {

Manifest::Manifest(const JobContext& context, const std::string& name)
    : contents_{{"job", context.job},       {"name", name},
                {"started", iso_time()},    {"outcome", "running"},
                {"runner", version()},      {"arguments", context.arguments},
                {"launch", context.launch}, {"config", context.config}} {}

Manifest::Manifest(const std::string& job, const LaunchRecord& launch)
    : contents_{{"job", job}, {"launch", launch}} {}

std::optional<Manifest> Manifest::read_if_valid(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return std::nullopt;
  try {
    return read(file);
  } catch (const Error&) {
    return std::nullopt;
  }
}

Manifest Manifest::read(const std::filesystem::path& file) {
  return Manifest(read_json_file(file));
}

void Manifest::finish(const std::string& outcome) {
  set_outcome(outcome);
  set("ended", iso_time());
}

void Manifest::write(const std::filesystem::path& file) const {
  write_file_atomically(file, text());
}

std::string Manifest::text() const {
  return json_text(contents_, 2) + "\n";
}

std::string Manifest::job() const {
  return text_in(contents_, "job");
}

std::string Manifest::name() const {
  return text_in(contents_, "name");
}

std::string Manifest::outcome() const {
  return text_in(contents_, "outcome");
}

std::string Manifest::started() const {
  return text_in(contents_, "started");
}

const Json& Manifest::settings() const {
  return member_in(contents_, "settings");
}

std::vector<InputRecord> Manifest::inputs() const {
  std::vector<InputRecord> inputs;
  const Json& list = member_in(contents_, "inputs");
  if (!list.is_array()) return inputs;
  for (const Json& input : list)
    inputs.push_back({text_in(input, "path"), static_cast<std::uint64_t>(integer_in(input, "bytes")),
                      text_in(input, "xxh64")});
  return inputs;
}

const Json& Manifest::result() const {
  return member_in(contents_, "result");
}

std::string Manifest::resume() const {
  return text_in(member_in(contents_, "launch"), "resume");
}

bool Manifest::has_ended() const {
  const std::string how = outcome();
  return how == "finished" || how == "stopped early" || how == "gate failed";
}

std::filesystem::path manifest_beside(const std::filesystem::path& file) {
  return file.string() + ".manifest.json";
}

}  // namespace runner
