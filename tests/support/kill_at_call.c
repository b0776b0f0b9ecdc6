// Preloaded into `runner`: its worker, and its launcher with it, is killed in front of the KILL_AT-th call
// that changes something below the folder KILL_UNDER. Each such call's name and path goes to the file
// KILL_LOG.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char* under;
static long kill_at;
static int log_fd = -1;
static atomic_long calls;

__attribute__((constructor)) static void set_up(void) {
  char line[4096] = {0};
  const int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY);
  const long n = fd < 0 ? 0 : syscall(SYS_read, fd, line, sizeof line - 1);
  if (fd >= 0) syscall(SYS_close, fd);
  const char* second = line + strlen(line) + 1;
  if (n <= 0 || second >= line + n || strcmp(second, "--worker") != 0) return;
  const char* at = getenv("KILL_AT");
  const char* log = getenv("KILL_LOG");
  under = getenv("KILL_UNDER");
  kill_at = at == NULL ? 0 : atol(at);
  if (log != NULL)
    log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static void step(const char* name, const char* path) {
  if (under == NULL || path == NULL || strncmp(path, under, strlen(under)) != 0) return;
  const long number = atomic_fetch_add(&calls, 1) + 1;
  if (log_fd >= 0) {
    char text[4200];
    const int size = snprintf(text, sizeof text, "%s %s\n", name, path);
    syscall(SYS_write, log_fd, text, (size_t)size);
  }
  if (number != kill_at) return;
  kill(getppid(), SIGKILL);
  kill(getpid(), SIGKILL);
  pause();
}

static void step_at(const char* name, int folder, const char* path) {
  char link[64], full[8192];
  if (path == NULL || path[0] == '/' || folder == AT_FDCWD) {
    step(name, path);
    return;
  }
  snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  const ssize_t n = readlink(link, full, 4096);
  if (n <= 0) return;
  snprintf(full + n, sizeof full - (size_t)n, "/%s", path);
  step(name, full);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int rename(const char* from, const char* to) {
  step("rename", to);
  return REAL(rename)(from, to);
}
int renameat(int a, const char* from, int b, const char* to) {
  step_at("rename", b, to);
  return REAL(renameat)(a, from, b, to);
}
int mkdir(const char* path, mode_t mode) {
  step("mkdir", path);
  return REAL(mkdir)(path, mode);
}
int unlink(const char* path) {
  step("unlink", path);
  return REAL(unlink)(path);
}
int remove(const char* path) {
  step("unlink", path);
  return REAL(remove)(path);
}
int rmdir(const char* path) {
  step("unlink", path);
  return REAL(rmdir)(path);
}
int unlinkat(int folder, const char* path, int flags) {
  step_at("unlink", folder, path);
  return REAL(unlinkat)(folder, path, flags);
}
int symlink(const char* to, const char* path) {
  step("symlink", path);
  return REAL(symlink)(to, path);
}
int symlinkat(const char* to, int folder, const char* path) {
  step_at("symlink", folder, path);
  return REAL(symlinkat)(to, folder, path);
}
int link(const char* from, const char* to) {
  step("link", to);
  return REAL(link)(from, to);
}
int linkat(int a, const char* from, int b, const char* to, int flags) {
  step_at("link", b, to);
  return REAL(linkat)(a, from, b, to, flags);
}
int fsync(int fd) {
  step_at("fsync", fd, "");
  return REAL(fsync)(fd);
}

// What only reads changes nothing.
static mode_t mode_of(int flags, va_list list) {
  return (flags & O_CREAT) != 0 ? (mode_t)va_arg(list, int) : 0;
}
#define OPEN(name)                                           \
  int name(const char* path, int flags, ...) {               \
    va_list list;                                            \
    va_start(list, flags);                                   \
    const mode_t mode = mode_of(flags, list);                \
    va_end(list);                                            \
    if ((flags & O_ACCMODE) != O_RDONLY) step("open", path); \
    return REAL(name)(path, flags, mode);                    \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                    \
  int name(int folder, const char* path, int flags, ...) {              \
    va_list list;                                                       \
    va_start(list, flags);                                              \
    const mode_t mode = mode_of(flags, list);                           \
    va_end(list);                                                       \
    if ((flags & O_ACCMODE) != O_RDONLY) step_at("open", folder, path); \
    return REAL(name)(folder, path, flags, mode);                       \
  }
OPENAT(openat)
OPENAT(openat64)

FILE* fopen(const char* path, const char* mode) {
  if (mode[0] != 'r') step("open", path);
  return REAL(fopen)(path, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  if (mode[0] != 'r') step("open", path);
  return REAL(fopen64)(path, mode);
}
