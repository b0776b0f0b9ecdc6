#pragma once
// Completion scripts for shells, made of what the commands declare.

#include <string>
#include <vector>

#include "cli/help/described.h"

namespace runner::cli {

using DescribedCommands = std::vector<DescribedCommand>;

std::string bash_completion(const DescribedCommands& commands);
std::string zsh_completion(const DescribedCommands& commands);
std::string fish_completion(const DescribedCommands& commands);

// What stands behind a flag, or in an argument's place.
enum class Takes { nothing, words, config, run, file, folder, setting, text };
Takes takes(const DescribedFlag& flag);

// The words that a key takes: its choices, or true and false; none for a number or a text.
std::vector<std::string> words_for(const config::KeyWords& key);

// Those commands that have no others below them: "runs list", "train".
DescribedCommands with_flags(const DescribedCommands& commands);
// "runs list" of "runner runs list".
std::string words_behind_runner(const DescribedCommand& command);

// In single quotes, as POSIX shells take them.
std::string in_single_quotes(const std::string& text);

}  // namespace runner::cli
