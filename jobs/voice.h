#pragma once
// What every job says to people before its work and behind it, in the same shape and words.

#include <functional>
#include <string>
#include <vector>

#include "contract/job.h"
#include "environment/device_choice.h"
#include "report/block.h"

namespace runner::jobs {

// The verdict on the OpenMP runtimes that the worker has loaded, as the doctor's: "one"; "" when nobody
// looked.
std::string openmp_verdict(const LaunchRecord& launch);
// `first` and behind it "2 threads", "OpenMP one (libgomp)".
std::vector<std::string> compute_parts(const LaunchRecord& launch, const std::string& first);

// What was asked for, what it is, and why; a warning where the one asked for does not work.
void tell_choice(const runtime::DeviceChoice& choice, const std::string& precision = "");

// Before the work: on stderr, and in the run's log.
void tell_header(const report::Block& block);

// Behind the work: on stdout, on stderr where the one object of --json goes there; and in the run's log.
// `make`: for a width, std::string::npos for any.
void tell_closing(const JobContext& context, const std::function<report::Block(std::size_t)>& make,
                  JobResult& result);

}  // namespace runner::jobs
