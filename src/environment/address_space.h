#pragma once
// Inside runtime/ only.

#include <cstdint>

namespace runner::runtime {

// Throws EnvironmentError when `ulimit -v` leaves no room for a worker's libraries and threads. OpenBLAS
// would ask again and again, in silence, for a buffer that it never gets. `library_bytes`: of the files that
// will be loaded.
void check_address_space(std::uint64_t library_bytes, int threads);

}  // namespace runner::runtime
