#pragma once
// The table of commands: what it is called, what it does, the function.

#include <string>
#include <vector>

namespace runner::cli {

struct Command {
  const char* name;
  const char* usage;                  // "CONFIG [--npz F] …"
  const char* summary;                // one line
  int (*run)(int argc, char** argv);  // argv[0] is the command's name; returns the exit code or throws Error
};

const std::vector<Command>& commands();

int job_command(int argc, char** argv);     // train, index, sequences, eval, search, smoke, run, plan
int config_command(int argc, char** argv);  // show, check, schema
int runs_command(int argc, char** argv);    // list, show, diff, verify, clean
int doctor_command(int argc, char** argv);
int env_command(int argc, char** argv);
int exec_command(int argc, char** argv);
int schedule_command(int argc, char** argv);  // install, list, status, remove, start
int json_command(int argc, char** argv);

}  // namespace runner::cli
