#include "base/status.h"

#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "base/error.h"
#include "base/fault_address.h"

namespace runner::status {
namespace {

struct Shared {
  StatusPage page;
  std::atomic<std::uintptr_t> fault;
};
Shared local{};
Shared* shared = &local;
StatusPage* current = &local.page;

void copy_text(char* to, std::size_t capacity, const std::string& from) {
  const std::size_t n = from.size() < capacity - 1 ? from.size() : capacity - 1;
  std::memcpy(to, from.data(), n);
  to[n] = '\0';
}

}  // namespace

int create() {
#ifdef __linux__
  const int fd = ::memfd_create("runner-status", 0);
#else
  char name[] = "/tmp/runner-status-XXXXXX";
  const int fd = ::mkstemp(name);
  if (fd >= 0) ::unlink(name);
#endif
  if (fd < 0 || ::ftruncate(fd, sizeof(Shared)) != 0) throw_errno("cannot create the status page", "");
  attach(fd);
  current->step.store(-1);
  return fd;
}

void attach(int fd) {
  void* at = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) throw_errno("cannot map the status page", "");
  shared = static_cast<Shared*>(at);
  current = &shared->page;
}

const StatusPage& page() {
  return *current;
}

void set_phase(const std::string& phase) {
  copy_text(current->phase, StatusPage::phase_capacity, phase);
  beat();
}

void set_step(std::int64_t step) {
  current->step.store(step, std::memory_order_relaxed);
  beat();
}

void beat() {
  current->beats.fetch_add(1, std::memory_order_relaxed);
}

void set_libraries(const std::string& json) {
  copy_text(current->libraries, StatusPage::text_capacity, json);
}

void set_output(const std::string& folder) {
  copy_text(current->output, StatusPage::path_capacity, folder);
}

void set_input(const std::string& file, InputUse use) {
  copy_text(current->input, StatusPage::path_capacity, file);
  current->input_use.store(use);
}

void set_fault_address(const void* address) {
  shared->fault.store(reinterpret_cast<std::uintptr_t>(address));
}

std::uintptr_t fault_address() {
  return shared->fault.load();
}

void wait_for_a_look() {
  constexpr int most = 500;
  current->crash.store(1);
  ::kill(::getppid(), SIGUSR1);
  const timespec moment{0, 10'000'000};
  for (int i = 0; i < most && current->crash.load() == 1; ++i) ::nanosleep(&moment, nullptr);
}

void looked_at() {
  current->crash.store(2);
}

void count_stack() {
  current->stacks.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace runner::status
