#pragma once
// The table of commands: what it is called, what it does, the function.

#include <string>
#include <vector>

#include "cli/help/described.h"

namespace runner::cli {

struct Command {
  const char* name;
  const char* usage;                  // "CONFIG [--npz F] …"
  const char* summary;                // one line
  int (*run)(int argc, char** argv);  // argv[0] is the command's name; returns the exit code or throws Error
  DescribedCommand (*describe)(const std::string& name);  // its flags and commands; runs nothing
};

const std::vector<Command>& commands();
// The same as data, flags and all.
std::vector<DescribedCommand> described_commands();

}  // namespace runner::cli
