#pragma once

#include <string>

namespace runner::runtime {

// What OpenMP runtimes take for true and false in a variable, blanks around it and its case aside: LLVM's and
// Intel's know all of these words, libgomp the first. A text may be neither.
bool is_true(const std::string& text);
bool is_false(const std::string& text);

}  // namespace runner::runtime
