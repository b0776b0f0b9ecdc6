#pragma once
// The doctor's table for people.

#include <string>

#include "environment/machine.h"
#include "openmp_scan/loader/process.h"
#include "openmp_scan/verdict/sets.h"

namespace runner::cli {

// Sentences in the terminal's width, going on where values begin.
std::string wrapped(const std::string& text);
// One set: verdict, runtimes and pools with the chain that brings them, advice, problems.
std::string report_set(const runtime::ScanResult& set);
// One line a set: for trees with many.
std::string report_overview(const std::vector<runtime::ScanResult>& sets);
// One line a problem, the first few of them.
std::string report_problems(const std::vector<std::string>& problems, const char* indent);
std::string report_machine(const runtime::MachineReport& machine);
std::string report_process(const runtime::ProcessView& process);
// The last line: the worst verdict and what it means.
std::string report_verdict(runtime::Verdict worst, std::size_t sets);

}  // namespace runner::cli
