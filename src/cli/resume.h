#pragma once
// --resume, as far as the launcher has to do with it: which run, and the line that goes on with one.

#include <string>

#include "config/binder.h"

namespace runner::cli {

// A command line as one to paste into a shell.
std::string pasteable(int argc, char** argv);

// The same without --resume and --output, which the run that tells it adds itself; the program as this shell
// finds it.
std::string resume_command(int argc, char** argv);

// With --resume and a {timestamp} in `output`: the newest unfinished run of that name becomes the output.
// Those that another process is writing are passed over. Throws UsageError when there is none.
void continue_newest_run(config::Binder& binder);

}  // namespace runner::cli
