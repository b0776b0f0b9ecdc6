// The launcher's side: ask each thread in turn, then put names and states beside what came back.
#include "worker/supervise/stacks.h"

#include <cxxabi.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>
#include <vector>

#include "base/log.h"
#include "worker/processes/process.h"

#ifdef __linux__
#include <sys/syscall.h>
#endif

namespace runner::runtime {
namespace {

constexpr std::size_t shown_frames = 20;
constexpr std::size_t shown_threads = 64;

// Blocks "thread N\n" + frames → N → readable frames, without those of the handler itself.
std::map<long, std::vector<std::string>> read_blocks(int fd) {
  std::map<long, std::vector<std::string>> blocks;
  std::istringstream in(read_from_start(fd));
  std::vector<std::string>* current = nullptr;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("thread ")) {
      current = &blocks[std::atol(line.c_str() + 7)];
      current->clear();
    } else if (current != nullptr) {
      current->push_back(readable_frame(line));
    }
  }
  for (auto& [thread, frames] : blocks) {
    // Everything down to the kernel's trampoline, which lies in libc, belongs to the handler.
    const auto trampoline = std::find_if(
        frames.begin(), frames.end(), [](const std::string& frame) { return frame.starts_with("libc.so"); });
    if (trampoline != frames.end() && trampoline - frames.begin() <= 4)
      frames.erase(frames.begin(), trampoline + 1);
  }
  return blocks;
}

std::string indented(const std::vector<std::string>& frames) {
  std::string text;
  for (std::size_t i = 0; i < frames.size() && i < shown_frames; ++i) text += "    " + frames[i] + "\n";
  if (frames.size() > shown_frames) text += fmt::format("    … {} more\n", frames.size() - shown_frames);
  return text;
}

#ifdef __linux__
std::string first_line(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

// The state letter after the parenthesised name of /proc/PID/task/TID/stat.
char state_of(const std::filesystem::path& task) {
  const std::string stat = first_line(task / "stat");
  const std::size_t end = stat.rfind(')');
  return end == std::string::npos || end + 2 >= stat.size() ? '?' : stat[end + 2];
}

const char* state_word(char state) {
  switch (state) {
    case 'R':
      return "running";
    case 'S':
      return "waiting";
    case 'D':
      return "waiting for a device or file system";
    case 'T':
    case 't':
      return "stopped";
    default:
      return "ended";
  }
}

std::vector<long> threads_of(pid_t pid) {
  std::vector<long> threads;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), error))
    threads.push_back(std::atol(entry.path().filename().c_str()));
  std::sort(threads.begin(), threads.end());
  return threads;
}

// One thread after the other, so that their stacks do not mix. One that blocks the signal is passed over.
void ask(pid_t pid, const std::vector<long>& threads, const StatusPage& page) {
  for (const long thread : threads) {
    const std::uint64_t before = page.stacks.load();
    if (::syscall(SYS_tgkill, pid, thread, SIGUSR2) != 0) continue;
    for (int i = 0; i < 100 && page.stacks.load() == before; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}
#endif

}  // namespace

std::string readable_frame(const std::string& line) {
  const std::size_t open = line.find('('), close = line.find(')', open);
  const std::size_t slash = line.rfind('/', open);
  if (open == std::string::npos || close == std::string::npos) return line;
  const std::string file = line.substr(slash == std::string::npos ? 0 : slash + 1,
                                       open - (slash == std::string::npos ? 0 : slash + 1));
  const std::string inside = line.substr(open + 1, close - open - 1);
  const std::size_t plus = inside.rfind('+');
  const std::string symbol = inside.substr(0, plus),
                    offset = plus == std::string::npos ? "" : inside.substr(plus);
  int status = 0;
  char* demangled = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  std::string name = status == 0 && demangled != nullptr ? demangled : symbol;
  std::free(demangled);
  constexpr std::size_t longest = 120;
  if (name.size() > longest) name = name.substr(0, longest) + "…";
  return file + ": " + name + offset;
}

std::string thread_stacks(pid_t pid, int fd, const StatusPage& page) {
#ifdef __linux__
  std::vector<long> threads = threads_of(pid);
  const std::size_t all = threads.size();
  if (threads.size() > shown_threads) threads.resize(shown_threads);
  std::map<long, std::string> heads;  // before the signal wakes them
  for (const long thread : threads) {
    const std::filesystem::path task = fmt::format("/proc/{}/task/{}", pid, thread);
    const std::string channel = first_line(task / "wchan");
    heads[thread] =
        fmt::format("  thread {} {}: {}{}", thread, first_line(task / "comm"), state_word(state_of(task)),
                    channel.empty() || channel == "0" ? "" : " in " + channel);
  }
  ask(pid, threads, page);
  auto blocks = read_blocks(fd);
  std::string text;
  for (const long thread : threads) {
    text += heads[thread] + "\n";
    text += blocks.contains(thread) ? indented(blocks[thread]) : "    (does not answer)\n";
  }
  if (all > threads.size()) text += fmt::format("  … {} more threads\n", all - threads.size());
  return text;
#else
  static_cast<void>(fd);
  static_cast<void>(page);
  return fmt::format("  `sample {} 1` shows its threads\n", pid);
#endif
}

std::string crash_stack(int fd) {
  std::string text;
  for (const auto& [thread, frames] : read_blocks(fd))
    text += fmt::format("  thread {}\n", thread) + indented(frames);
  return text;
}

}  // namespace runner::runtime
