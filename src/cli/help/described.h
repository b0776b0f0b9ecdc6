#pragma once
// What a command declares, as data: for --help, the man page, completion and suggestions.

#include <string>
#include <vector>

#include "config/key_words.h"

namespace CLI {
class App;
}

namespace runner::cli {

// The group of flags that every job has.
inline constexpr const char* common_flags = "Common flags";

struct DescribedFlag {
  std::vector<std::string> names;    // "-h", "--help"; none for an argument without a flag
  std::string argument;              // "CONFIG": its name when it has no flag
  std::string type;                  // INT, NUM, FILE, DIR, WORD, …; "" for a switch
  std::vector<std::string> choices;  // of a WORD
  std::string help, default_value;
  bool is_common = false;          // of every job
  bool value_is_optional = false;  // --resume[=RUN]
  bool repeats = false;            // an argument that may be several
  bool required = false;

  bool is_flag() const { return !names.empty(); }
  std::string left() const;  // "--epochs INT", "[CONFIG]"
};

struct DescribedCommand {
  std::string name;      // "runner runs list"
  std::string summary;   // its first sentence
  std::string about;     // what else there is to say
  std::string examples;  // command lines
  std::vector<DescribedFlag> flags;
  std::vector<DescribedCommand> commands;  // list, show, …
  std::vector<config::KeyWords> keys;      // of the file, for jobs
  std::string job;                         // whose keys these are

  std::string last_name() const { return name.substr(name.rfind(' ') + 1); }
};

DescribedCommand describe(const CLI::App& app, const std::string& name);

}  // namespace runner::cli
