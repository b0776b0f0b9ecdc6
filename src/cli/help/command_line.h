#pragma once
// A command's line, read: -h and --help answered, mistakes explained.

#include <CLI/CLI.hpp>
#include <string>

#include "base/error.h"
#include "cli/help/described.h"
#include "config/binder.h"

namespace runner::cli {

// A check of an option that counts something: "" or what is wrong with its value.
std::string whole_number_from_one(const std::string& text);

class CommandLine : public CLI::App {
 public:
  // `about`: what it does; examples behind "Examples:". `name`: "runner runs".
  CommandLine(const std::string& about, const std::string& name);

  // The keys that a file of this job has, for --help and suggestions; `binder` outlives this.
  void has_keys(const std::string& job, const config::Binder& binder);

  // Everything behind the flags is the command's own, untouched: "-- COMMAND...", for help.
  void takes_rest(const std::string& argument, const std::string& help);

  // False when help was asked for and has been printed. Throws UsageError, with the nearest flag or command
  // for one that is not there.
  bool read(int argc, char** argv);

  DescribedCommand described() const;
  // What read() says of a flag that is not there.
  UsageError unknown_flag(const std::string& flag) const;

 private:
  std::string job_;
  DescribedFlag rest_;
  const config::Binder* binder_ = nullptr;
};

}  // namespace runner::cli
