#pragma once
// What is promised to last is on the disk, not in its cache.

namespace runner {

// As fsync(2): 0, or -1 with errno. On macOS fsync leaves the bytes in the drive's own cache, where a power
// cut loses them and their order; F_FULLFSYNC empties it too. File systems that know no such call (network
// shares) get fsync.
int flush_to_disk(int fd);

}  // namespace runner
