#pragma once
// From options to what ann/ builds and verifies.

#include "base/json.h"
#include "index/build/build.h"
#include "index/publish/verify.h"
#include "jobs/index/options.h"

namespace runner::jobs {

// Reads the ids when the options name an array of them. Throws DataError.
ann::BuildSettings build_settings(const IndexOptions& options, const data::Vectors& vectors);
ann::VerifySettings verify_settings(const IndexOptions& options);
// Everything that the index's contents depend on beside its input: what skip_if_unchanged compares.
Json comparable_settings(const IndexOptions& options);

}  // namespace runner::jobs
