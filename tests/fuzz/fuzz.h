#pragma once
// What a fuzz target defines: the entry that libFuzzer calls, and seeds for the run without libFuzzer.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// Valid inputs to start from.
std::vector<std::string> fuzz_seeds();
