#pragma once
// The flags that runner env and runner exec share.

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/printable.h"
#include "environment/device_choice.h"
#include "worker/exec/other_programs.h"

namespace runner::cli {

struct ForeignFlags {
  runtime::ForeignOptions options;
  bool explain = false, quiet = false, verbose = false;
};

inline void add_foreign_flags(CLI::App& app, ForeignFlags& flags) {
  app.add_option("--threads", flags.options.threads,
                 "threads for every pool: auto (the cores this process may use) or N")
      ->type_name("auto|N");
  app.add_option("--device", flags.options.device, "device that the program will use: auto, cpu, mps or cuda")
      ->type_name("DEVICE");
  app.add_option("--keep", flags.options.keep, "variable to leave as it is; may be repeated")
      ->type_name("NAME");
  app.add_flag("--explain-env", flags.explain, "print every decision and why, on stderr");
  app.add_flag("--quiet", flags.quiet, "no warnings");
  app.add_flag("--verbose", flags.verbose, "debug messages too");
}

// The decisions; their warnings are logged.
inline std::vector<runtime::Decision> decide(const ForeignFlags& flags,
                                             const runtime::Environment& inherited) {
  if (!runtime::is_device_name(flags.options.device))
    throw UsageError("unknown device " + flags.options.device + ", expected auto, cpu, mps, cuda or cuda:N",
                     "--device");
  setup_logging(flags.quiet ? Verbosity::quiet : flags.verbose ? Verbosity::verbose : Verbosity::normal);
  auto decisions = runtime::decide_for_foreign(inherited, flags.options);
  if (flags.explain) say_error("{}", runtime::explain(decisions));
  for (const runtime::Decision& decision : decisions)
    if (!decision.warning.empty() && !flags.quiet) spdlog::warn("{}: {}", decision.name, decision.warning);
  return decisions;
}

}  // namespace runner::cli
