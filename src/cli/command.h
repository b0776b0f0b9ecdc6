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

int job_command(int argc, char** argv);     // train, index, sequences, eval, search, smoke, run, plan
int config_command(int argc, char** argv);  // show, check, schema
int runs_command(int argc, char** argv);    // list, show, diff, verify, clean
int doctor_command(int argc, char** argv);
int env_command(int argc, char** argv);
int exec_command(int argc, char** argv);
int schedule_command(int argc, char** argv);  // install, list, status, remove, start

DescribedCommand describe_job_command(const std::string& name);
DescribedCommand describe_config_command(const std::string& name);
DescribedCommand describe_runs_command(const std::string& name);
DescribedCommand describe_doctor_command(const std::string& name);
DescribedCommand describe_env_command(const std::string& name);
DescribedCommand describe_exec_command(const std::string& name);
DescribedCommand describe_schedule_command(const std::string& name);

}  // namespace runner::cli
