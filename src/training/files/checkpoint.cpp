#include "training/files/checkpoint.h"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_file.h"
#include "base/json_parse.h"
#include "base/json_text.h"
#include "base/log.h"
#include "data/content_hash.h"
#include "data/mapped_file.h"

namespace runner::lvm {
namespace fs = std::filesystem;

namespace {

// Folders of a checkpoint that is being written, and of one that makes way for it.
const std::string writing_prefix = ".writing-", old_prefix = ".old-";

std::string hash_of(const std::string& text) {
  data::ContentHash hash;
  hash.update(text.data(), text.size());
  return hash.hex();
}

struct TensorRecord {
  std::string name;
  std::uint64_t count = 0;  // floats

  static void fields(auto& self, auto& field) {
    field("name", self.name);
    field("count", self.count);
  }
};

struct TensorsRecord {
  std::vector<TensorRecord> tensors;  // one after the other in tensors.bin
  std::string hash;                   // of its contents

  static void fields(auto& self, auto& field) {
    field("tensors", self.tensors);
    field("hash", self.hash);
  }
};

// state.json, behind a line with its hash.
struct StateFile {
  std::int64_t format = 1;
  TrainerState state;
  TensorsRecord data;

  static void fields(auto& self, auto& field) {
    field("format", self.format);
    field("state", self.state);
    field("data", self.data);
  }
};

TensorsRecord write_tensors(const fs::path& path, const std::vector<CheckpointTensor>& tensors) {
  AtomicFile file(path);
  data::ContentHash hash;
  TensorsRecord record;
  for (const CheckpointTensor& tensor : tensors) {
    const std::size_t bytes = tensor.values.size() * sizeof(float);
    file.write(tensor.values.data(), bytes);
    hash.update(tensor.values.data(), bytes);
    record.tensors.push_back({tensor.name, tensor.values.size()});
  }
  file.commit();
  record.hash = hash.hex();
  return record;
}

void remove_quietly(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
}

std::int64_t step_in_name(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::size_t dash = name.find('-');
  const std::string digits = dash == std::string::npos ? "" : name.substr(dash + 1);
  const bool number =
      !digits.empty() && digits.size() < 16 && digits.find_first_not_of("0123456789") == std::string::npos;
  return number ? std::stoll(digits) : -1;
}

std::vector<fs::path> list_kind(const fs::path& folder, const std::string& prefix) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().filename().string().rfind(prefix, 0) == 0 && step_in_name(entry.path()) >= 0)
      found.push_back(entry.path());
  std::sort(found.begin(), found.end(),
            [](const fs::path& a, const fs::path& b) { return step_in_name(a) > step_in_name(b); });
  return found;
}

}  // namespace

std::string checkpoint_name(const char* kind, std::int64_t step) {
  return fmt::format("{}-{:06}", kind, step);
}

void write_checkpoint(const fs::path& target, const Checkpoint& checkpoint) {
  const fs::path temporary = target.parent_path() / (writing_prefix + target.filename().string());
  remove_quietly(temporary);
  try {
    fs::create_directory(temporary);  // and none above it: a run's folder that has gone is not made again
    StateFile file;
    file.state = checkpoint.state;
    file.data = write_tensors(temporary / "tensors.bin", checkpoint.tensors);
    const std::string text = json_text(file);
    write_file_atomically(temporary / "state.json", hash_of(text) + "\n" + text + "\n");
    // rename() replaces only an empty folder: an old one of the same step makes way first.
    if (fs::exists(target)) {
      const fs::path old = target.parent_path() / (old_prefix + target.filename().string());
      remove_quietly(old);
      fs::rename(target, old);
      fs::rename(temporary, target);
      remove_quietly(old);
    } else {
      fs::rename(temporary, target);
    }
    fsync_folder(target.parent_path());
  } catch (const fs::filesystem_error& error) {
    remove_quietly(temporary);
    throw RunError("cannot write the checkpoint: " + error.code().message(), target.string());
  } catch (...) {
    remove_quietly(temporary);
    throw;
  }
}

namespace {

StateFile read_state_file(const fs::path& folder) {
  const fs::path path = folder / "state.json";
  std::string text;
  try {
    text = read_file(path);
  } catch (const Error&) {
    throw DataError("damaged checkpoint: state.json is missing or unreadable", folder.string());
  }
  const std::size_t line = text.find('\n');
  if (line == std::string::npos || text.size() < line + 2)
    throw DataError("damaged checkpoint: state.json is cut short", folder.string());
  const std::string body = text.substr(line + 1, text.size() - line - 2);
  if (hash_of(body) != text.substr(0, line))
    throw DataError("damaged checkpoint: state.json differs from its hash", folder.string());
  const Json json = parse_json(body, path.string(), {body.size(), JsonLimits().depth});
  if (integer_in(json, "format") != StateFile().format)
    throw DataError("damaged checkpoint: state.json is not of this version", folder.string());
  return record_from<StateFile>(json, path.string());
}

}  // namespace

TrainerState read_checkpoint_state(const fs::path& folder) {
  return read_state_file(folder).state;
}

namespace {

// Reads `count` floats of tensors.bin: into `values`, or, when they are not wanted, past them.
void read_floats(const data::MappedFile& file, std::uint64_t& place, std::size_t count,
                 std::vector<float>* values, data::ContentHash& hash, const fs::path& folder) {
  if (count > (file.size() - place) / sizeof(float))
    throw DataError("damaged checkpoint: tensors.bin is too short", folder.string());
  constexpr std::size_t piece = 1 << 20;
  std::vector<float> passed(values == nullptr ? std::min(piece, count) : 0);
  if (values != nullptr) values->resize(count);
  for (std::size_t at = 0; at < count; at += piece) {
    const std::size_t size = std::min(piece, count - at) * sizeof(float);
    float* out = values == nullptr ? passed.data() : values->data() + at;
    file.read(place, out, size);
    place += size;
    hash.update(out, size);
  }
}

// All is verified; the tensors for which keep(name) says so stay.
template <class Keep>
Checkpoint read_verified(const fs::path& folder, Keep keep) {
  const StateFile state = read_state_file(folder);
  Checkpoint checkpoint;
  checkpoint.state = state.state;
  const data::MappedFile file(folder / "tensors.bin");
  std::uint64_t place = 0;
  data::ContentHash hash;
  for (const auto& [name, count] : state.data.tensors) {
    if (!keep(name)) {
      read_floats(file, place, count, nullptr, hash, folder);
      continue;
    }
    checkpoint.tensors.push_back({name, {}});
    read_floats(file, place, count, &checkpoint.tensors.back().values, hash, folder);
  }
  if (place != file.size() || hash.hex() != state.data.hash)
    throw DataError("damaged checkpoint: tensors.bin differs from its hash", folder.string());
  return checkpoint;
}

}  // namespace

Checkpoint read_checkpoint(const fs::path& folder, const std::string& only) {
  return read_verified(folder, [&](const std::string& name) { return only.empty() || name == only; });
}

TrainerState verify_checkpoint(const fs::path& folder) {
  return read_verified(folder, [](const std::string&) { return false; }).state;
}

std::vector<fs::path> list_checkpoints(const fs::path& folder) {
  return list_kind(folder, "step-");
}

std::optional<FoundCheckpoint> newest_valid_checkpoint(const fs::path& folder) {
  for (const fs::path& candidate : list_checkpoints(folder)) {
    try {
      return FoundCheckpoint{candidate, verify_checkpoint(candidate)};
    } catch (const DataError& error) {
      spdlog::warn("{}; trying the one before", error.line());
    }
  }
  return std::nullopt;
}

void prune_checkpoints(const fs::path& folder, std::int64_t keep, std::int64_t current_best) {
  std::set<std::int64_t> best_wanted{current_best};
  std::int64_t kept = 0;
  for (const fs::path& checkpoint : list_checkpoints(folder)) {
    if (kept++ >= keep) {
      remove_quietly(checkpoint);
      continue;
    }
    try {
      best_wanted.insert(read_checkpoint_state(checkpoint).best_step);
    } catch (const Error&) {
      --kept;  // a damaged one does not count
    }
  }
  for (const fs::path& best : list_kind(folder, "best-"))
    if (best_wanted.count(step_in_name(best)) == 0) remove_quietly(best);
}

void recover_checkpoints(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    entries.push_back(it->path());
  for (const fs::path& path : entries) {
    const std::string name = path.filename().string();
    const bool old = name.starts_with(old_prefix);
    if (!old && !name.starts_with(writing_prefix)) continue;
    const fs::path target = folder / name.substr(old ? old_prefix.size() : writing_prefix.size());
    std::error_code ignored;
    if (old && !fs::exists(target, ignored))
      fs::rename(path, target, ignored);
    else
      remove_quietly(path);
  }
}

std::uintmax_t checkpoint_bytes(const fs::path& folder) {
  std::uintmax_t bytes = 0;
  for (const char* prefix : {"step-", "best-"})
    for (const fs::path& checkpoint : list_kind(folder, prefix))
      for (const char* file : {"state.json", "tensors.bin"}) {
        std::error_code error;
        const std::uintmax_t size = fs::file_size(checkpoint / file, error);
        if (!error) bytes += size;
      }
  return bytes;
}

}  // namespace runner::lvm
