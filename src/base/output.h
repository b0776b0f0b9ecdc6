#pragma once
// What a job writes, judged before anything is read: what stands under the name already, and whether it may
// be replaced. Writing itself goes through base/atomic_file.h, which looks again when it puts the file in
// place.

#include <filesystem>
#include <string>
#include <vector>

namespace runner {

enum class OutputKind {
  file,    // replaced as a whole
  folder,  // made when it is not there
  link     // to versions beside it (base/version_name.h): an index
};

// A file or folder that the job reads.
struct OutputInput {
  std::string key;  // "input.vectors"
  std::string path;
};

struct Output {
  std::string path;
  OutputKind kind = OutputKind::file;
  std::string manifest_of;  // the job's name when it writes PATH.manifest.json too
  bool named = true;        // by the user; a default name replaces only what looks like its own kind
  std::vector<OutputInput> inputs;
};

// "" when the job may write there, else what is in the way and the way out: "is a fifo; name a file". Touches
// nothing. May be written: what is not there yet in a folder that can be; a regular file that is neither an
// input, by whatever name, nor write-protected; a folder for a run; a link of ours to a version, or an index.
std::string objection_to(const Output& output);

// Makes a new folder: NAME, or the first of NAME_2, NAME_3, … that nobody has. Throws RunError.
std::filesystem::path make_new_folder(const std::filesystem::path& name);

}  // namespace runner
