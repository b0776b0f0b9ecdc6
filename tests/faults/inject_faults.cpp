// Preloaded into `runner` (LD_PRELOAD): one call of the system fails, does less than it was asked to, or is
// the process's last.
//
//   FAULT_IN      worker | launcher: the process that is meant; the others only run
//   FAULT_UNDER   folders, separated by ':'; calls on other paths are left alone (fork and pthread_create
//   have none) FAULT_CALLS   names as counted here, separated by ','; all when it is not set FAULT_AT number
//   of the call that is struck, from 1 on; 0: none FAULT         an errno's name (ENOSPC), short (a read or
//   write of half its bytes), delay (50 ms), die (SIGKILL), or kill
//                 (SIGKILL, the launcher with its worker)
//   FAULT_LOG     file to which each counted call adds a line: its name and its path
//
// A full disk stays full: after ENOSPC every later call of FAULT_CALLS fails alike. The others strike once.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "strike.h"

namespace {

using runner::test::Strike;
using runner::test::strike;
using runner::test::strike_at;
using runner::test::strike_fd;

std::size_t at_most_half(Strike strike, std::size_t size) {
  return strike == Strike::half && size > 1 ? size / 2 : size;
}

template <class F>
F real(const char* name, F) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

// What only reads is counted as another call: it changes nothing.
const char* open_name(int flags) {
  return (flags & O_ACCMODE) == O_RDONLY ? "open" : "create";
}

}  // namespace

#define REAL(name) static const auto next = real(#name, &::name)

extern "C" {

// --- opening
#define OPEN(name)                                                                                      \
  int name(const char* path, int flags, ...) {                                                          \
    REAL(name);                                                                                         \
    std::va_list list;                                                                                  \
    va_start(list, flags);                                                                              \
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;                \
    va_end(list);                                                                                       \
    return strike_at(open_name(flags), AT_FDCWD, path) == Strike::error ? -1 : next(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                     \
  int name(int folder, const char* path, int flags, ...) {                                               \
    REAL(name);                                                                                          \
    std::va_list list;                                                                                   \
    va_start(list, flags);                                                                               \
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;                 \
    va_end(list);                                                                                        \
    return strike_at(open_name(flags), folder, path) == Strike::error ? -1                               \
                                                                      : next(folder, path, flags, mode); \
  }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                                                  \
  FILE* name(const char* path, const char* mode) {                                                   \
    REAL(name);                                                                                      \
    const bool reads = mode[0] == 'r' && std::strchr(mode, '+') == nullptr;                          \
    return strike_at(reads ? "open" : "create", AT_FDCWD, path) == Strike::error ? nullptr           \
                                                                                 : next(path, mode); \
  }
FOPEN(fopen)
FOPEN(fopen64)

// --- contents
ssize_t read(int fd, void* to, size_t size) {
  REAL(read);
  const Strike s = strike_fd("read", fd);
  return s == Strike::error ? -1 : next(fd, to, at_most_half(s, size));
}
#define PREAD(name)                                                           \
  ssize_t name(int fd, void* to, size_t size, off_t at) {                     \
    REAL(name);                                                               \
    const Strike s = strike_fd("pread", fd);                                  \
    return s == Strike::error ? -1 : next(fd, to, at_most_half(s, size), at); \
  }
PREAD(pread)
PREAD(pread64)

ssize_t write(int fd, const void* from, size_t size) {
  REAL(write);
  const Strike s = strike_fd("write", fd);
  return s == Strike::error ? -1 : next(fd, from, at_most_half(s, size));
}
#define PWRITE(name)                                                            \
  ssize_t name(int fd, const void* from, size_t size, off_t at) {               \
    REAL(name);                                                                 \
    const Strike s = strike_fd("pwrite", fd);                                   \
    return s == Strike::error ? -1 : next(fd, from, at_most_half(s, size), at); \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

// stdio's own writes happen inside libc, where nothing can be put in between.
size_t fwrite(const void* from, size_t size, size_t count, FILE* file) {
  REAL(fwrite);
  return strike_fd("fwrite", ::fileno(file)) == Strike::error ? 0 : next(from, size, count, file);
}

int fsync(int fd) {
  REAL(fsync);
  return strike_fd("fsync", fd) == Strike::error ? -1 : next(fd);
}
int fdatasync(int fd) {
  REAL(fdatasync);
  return strike_fd("fsync", fd) == Strike::error ? -1 : next(fd);
}
#define TRUNCATE(name)                                                        \
  int name(int fd, off_t size) noexcept {                                     \
    REAL(name);                                                               \
    return strike_fd("ftruncate", fd) == Strike::error ? -1 : next(fd, size); \
  }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define MMAP(name)                                                                                  \
  void* name(void* address, size_t size, int protection, int flags, int fd, off_t at) noexcept {    \
    REAL(name);                                                                                     \
    return strike_fd("mmap", fd) == Strike::error ? MAP_FAILED                                      \
                                                  : next(address, size, protection, flags, fd, at); \
  }
MMAP(mmap)
MMAP(mmap64)

// --- names
int rename(const char* from, const char* to) noexcept {
  REAL(rename);
  return strike_at("rename", AT_FDCWD, to) == Strike::error ? -1 : next(from, to);
}
int renameat(int a, const char* from, int b, const char* to) noexcept {
  REAL(renameat);
  return strike_at("rename", b, to) == Strike::error ? -1 : next(a, from, b, to);
}
int link(const char* from, const char* to) noexcept {
  REAL(link);
  return strike_at("link", AT_FDCWD, to) == Strike::error ? -1 : next(from, to);
}
int linkat(int a, const char* from, int b, const char* to, int flags) noexcept {
  REAL(linkat);
  return strike_at("link", b, to) == Strike::error ? -1 : next(a, from, b, to, flags);
}
int symlink(const char* to, const char* path) noexcept {
  REAL(symlink);
  return strike_at("symlink", AT_FDCWD, path) == Strike::error ? -1 : next(to, path);
}
int symlinkat(const char* to, int folder, const char* path) noexcept {
  REAL(symlinkat);
  return strike_at("symlink", folder, path) == Strike::error ? -1 : next(to, folder, path);
}
int mkdir(const char* path, mode_t mode) noexcept {
  REAL(mkdir);
  return strike_at("mkdir", AT_FDCWD, path) == Strike::error ? -1 : next(path, mode);
}
int mkdirat(int folder, const char* path, mode_t mode) noexcept {
  REAL(mkdirat);
  return strike_at("mkdir", folder, path) == Strike::error ? -1 : next(folder, path, mode);
}
int unlink(const char* path) noexcept {
  REAL(unlink);
  return strike_at("unlink", AT_FDCWD, path) == Strike::error ? -1 : next(path);
}
int unlinkat(int folder, const char* path, int flags) noexcept {
  REAL(unlinkat);
  return strike_at("unlink", folder, path) == Strike::error ? -1 : next(folder, path, flags);
}
int remove(const char* path) noexcept {
  REAL(remove);
  return strike_at("unlink", AT_FDCWD, path) == Strike::error ? -1 : next(path);
}
int rmdir(const char* path) noexcept {
  REAL(rmdir);
  return strike_at("unlink", AT_FDCWD, path) == Strike::error ? -1 : next(path);
}

// --- processes and threads
pid_t fork() noexcept {
  REAL(fork);
  return strike("fork", "") == Strike::error ? -1 : next();
}
int posix_spawn(pid_t* child, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const argv[], char* const envp[]) {
  REAL(posix_spawn);
  return strike("fork", "") == Strike::error ? errno : next(child, path, actions, attributes, argv, envp);
}
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                   void* argument) noexcept {
  REAL(pthread_create);
  return strike("pthread_create", "") == Strike::error ? errno : next(thread, attributes, run, argument);
}

}  // extern "C"
