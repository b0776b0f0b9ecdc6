#include "base/flush.h"

#include <fcntl.h>
#include <unistd.h>

namespace runner {

int flush_to_disk(int fd) {
#ifdef __APPLE__
  if (::fcntl(fd, F_FULLFSYNC) == 0) return 0;
#endif
  return ::fsync(fd);
}

}  // namespace runner
