#pragma once
// Inside runtime/ only: why a program could not be executed.

#include <string>

namespace runner::runtime {

// Throws Error with a shell's exit code, 127 for what is not there and 126 for what cannot be executed, and
// the reason in words: a folder, not executable, made for another machine, its interpreter missing. `code`:
// of execve.
[[noreturn]] void cannot_execute(const std::string& file, int code);

// A text, which sh runs when the system knows no other way ("Exec format error"), as every shell does.
bool is_script(const std::string& file);

}  // namespace runner::runtime
