#pragma once
// Versions of an index beside its name, and the switch from one to the next.
//
//   DIR/NAME.index                          link to the published version: readers open this
//   DIR/NAME.20261121T060226Z.index         a version; never changed once it has this name
//   DIR/NAME.20261121T060226Z.index.manifest.json
//   DIR/NAME.index.manifest.json            link to the published version's manifest, for people
//   DIR/NAME.index.lock                     held by the rebuild that runs
//   DIR/NAME.….index.tmp                    being built; left over only by a killed rebuild
//   DIR/NAME.….index.manifest.json.tmp      its manifest, until the version has its name
//
// Only what a rebuild made is ever removed: a version with its manifest. A file that merely has such a name
// stays, and so does the index of another tool that was adopted.
//
// The link is replaced by a rename, so a reader finds the old version or the new one, whole, at any moment.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/file_lock.h"
#include "contract/manifest.h"

namespace runner::ann {

struct Target {
  std::filesystem::path link;  // what the user named
  std::filesystem::path folder() const;
  // Names of the versions there are, oldest first: ours, and FAISS indexes under such a name.
  std::vector<std::string> versions() const;
  // Name of the published version; nothing when there is none.
  std::optional<std::string> published() const;
  // A version's name later than all there are, none of whose files exists.
  std::string new_version() const;
  bool is_taken(const std::string& version) const;
  std::filesystem::path file(const std::string& version) const { return folder() / version; }
  std::filesystem::path building(const std::string& version) const { return folder() / (version + ".tmp"); }
  std::filesystem::path manifest(const std::string& version) const {
    return folder() / (version + ".manifest.json");
  }
  std::filesystem::path pending_manifest(const std::string& version) const {
    return folder() / (version + ".manifest.json.tmp");
  }
};

// The lock of this index. `wait`: waits for the other rebuild with a line in the log; else nothing when one
// runs.
std::optional<FileLock> lock_target(const Target& target, bool wait);

// The lock of an index of its own: of NAME, or of the first of NAME_2, NAME_3, … that nobody has or makes.
std::optional<FileLock> lock_new_target(Target& target);

// Finishes a publication that was killed half-way, and removes what else killed rebuilds left. Call under the
// lock.
void tidy(const Target& target);

// Turns a FAISS index under the target's name (of another tool) into a version older than `before`. Call
// under the lock. Throws UsageError when a file of another kind stands there.
void adopt_plain_file(const Target& target, const std::string& before);

// Names the built file as a version, writes its manifest, switches the link, and removes all but the `keep`
// newest versions. The file must be on disk already (fsync). Throws RunError; the published version is then
// as it was.
void publish(const Target& target, const std::string& version, const Manifest& manifest, std::int64_t keep);

// Publishes the version before the published one again; returns its name. Throws RunError when there is none.
std::string roll_back(const Target& target);

// The published version's manifest; nothing when there is none or it cannot be read.
std::optional<Manifest> published_manifest(const Target& target);

}  // namespace runner::ann
