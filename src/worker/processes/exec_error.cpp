#include "worker/processes/exec_error.h"

#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "base/log.h"
#include "openmp_scan/binaries/binary_file.h"

namespace runner::runtime {
namespace {

constexpr int not_there = 127, not_executable = 126;

std::string head_of(const std::string& file) {
  std::string head(4096, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return head;
}

// The loader that a 64-bit little-endian ELF program asks for (PT_INTERP); "" when it asks for none.
std::string elf_interpreter(const std::string& head) {
  const auto number = [&](std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    if (at + size <= head.size()) std::memcpy(&value, head.data() + at, size);
    return static_cast<std::size_t>(value);
  };
  if (!head.starts_with("\x7F"
                        "ELF\x02\x01"))
    return "";
  for (std::size_t i = 0, entry = number(32, 8); i < number(56, 2); ++i, entry += number(54, 2)) {
    const std::size_t at = number(entry + 8, 8), size = number(entry + 32, 8);
    if (number(entry, 4) == 3 && at < head.size() && size > 1) return head.substr(at, size - 1);
  }
  return "";
}

// The word behind "#!", or the loader.
std::string interpreter_of(const std::string& head) {
  if (!head.starts_with("#!")) return elf_interpreter(head);
  const std::size_t start = head.find_first_not_of(" \t", 2);
  return start == std::string::npos ? "" : head.substr(start, head.find_first_of(" \t\r\n", start) - start);
}

std::string this_machine() {
  struct utsname names {};
  return ::uname(&names) == 0 ? names.machine : "another";
}

[[noreturn]] void fail(int exit_code, const std::string& file, const std::string& message) {
  throw Error(static_cast<ExitCode>(exit_code), file, message);
}

}  // namespace

bool is_script(const std::string& file) {
  const std::string head = head_of(file);
  return head.substr(0, head.find('\n')).find('\0') == std::string::npos;
}

void cannot_execute(const std::string& file, int code) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0)
    fail(not_there, file, std::string("cannot execute: ") + std::strerror(code));
  if (S_ISDIR(info.st_mode)) fail(not_executable, file, "cannot execute: is a folder");
  if (code == EACCES)
    fail(not_executable, file, "cannot execute: permission denied; `chmod +x` makes a file executable");
  const std::string interpreter = interpreter_of(head_of(file));
  if (code == ENOENT && !interpreter.empty())
    fail(not_executable, file, "cannot execute: its interpreter " + interpreter + " is not there");
  if (code == ENOEXEC) {
    const BinaryFile binary = read_binary(file);
    fail(not_executable, file,
         binary.images.empty() ? "cannot execute: neither a program that this system knows nor a script"
                               : fmt::format("cannot execute: a program for {}; this machine is {}",
                                             binary.images[0].arch, this_machine()));
  }
  fail(not_executable, file, std::string("cannot execute: ") + std::strerror(code));
}

}  // namespace runner::runtime
