#pragma once
// The end of a process whose own thread will never come back: a library waits in it for what is lost.

#include <functional>
#include <string>

namespace runner {

// What end_process() does with its message; an error line without it.
void set_last_words(std::function<void(const std::string& message)> tell);
// Tells, and ends the process with exit code 1, as it stands: nothing is destroyed.
[[noreturn]] void end_process(const std::string& message);

}  // namespace runner
