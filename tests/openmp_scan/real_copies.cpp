#include "openmp_scan/real_copies.h"

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>

#include "openmp_scan/binaries.h"

namespace scan_test {

namespace fs = std::filesystem;

namespace {

constexpr const char* library_source =
    "int omp_get_max_threads(void);\n"
    "void GOMP_parallel(void (*f)(void*), void* data, unsigned threads, unsigned flags);\n"
    "static void body(void* data) { __atomic_add_fetch((int*)data, 1, __ATOMIC_SEQ_CST); }\n"
    "int compute(void) { int n = 0; GOMP_parallel(body, &n, 2, 0); return n + 0 * omp_get_max_threads(); }\n";

constexpr const char* host_source =
    "#include <dlfcn.h>\n#include <stdio.h>\n#include <string.h>\n#include <unistd.h>\n"
    "int main(int argc, char** argv) {\n"
    "  int wait = 0;\n"
    "  for (int i = 1; i < argc; ++i) {\n"
    "    if (!strcmp(argv[i], \"--wait\")) { wait = 1; continue; }\n"
    "    void* lib = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);\n"
    "    if (!lib) { fprintf(stderr, \"%s\\n\", dlerror()); return 9; }\n"
    "    int (*compute)(void) = (int (*)(void))dlsym(lib, \"compute\");\n"
    "    printf(\"computed %d\\n\", compute());\n"
    "    fflush(stdout);\n"
    "  }\n"
    "  printf(\"ready\\n\"); fflush(stdout);\n"
    "  if (wait) for (;;) pause();\n"
    "  return 0;\n}\n";

std::string find_libomp() {
  for (const char* folder :
       {"/usr/lib/llvm-14/lib", "/usr/lib/llvm-16/lib", "/usr/lib/llvm-19/lib", "/usr/lib/x86_64-linux-gnu"})
    if (fs::exists(fs::path(folder) / "libomp.so.5")) return std::string(folder) + "/libomp.so.5";
  return "";
}

bool has(const char* program) {
  return run({"sh", "-c", std::string("command -v ") + program}).exit_code == 0;
}

// Forks; the child's stdout and stderr go to the pipe that is returned.
pid_t start(const std::vector<std::string>& command, const std::vector<std::string>& environment,
            int& output) {
  int ends[2];
  if (::pipe(ends) != 0) return -1;
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], 1);
    ::dup2(ends[1], 2);
    ::close(ends[0]);
    ::close(ends[1]);
    ::unsetenv("KMP_DUPLICATE_LIB_OK");
    for (const std::string& entry : environment) ::putenv(const_cast<char*>(entry.c_str()));
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  output = ends[0];
  return child;
}

}  // namespace

Outcome run(const std::vector<std::string>& command, const std::vector<std::string>& environment) {
  int output = -1;
  const pid_t child = start(command, environment, output);
  Outcome outcome;
  char piece[4096];
  for (ssize_t n = 0; (n = ::read(output, piece, sizeof piece)) > 0;)
    outcome.output.append(piece, static_cast<std::size_t>(n));
  ::close(output);
  int status = 0;
  ::waitpid(child, &status, 0);
  outcome.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return outcome;
}

Background::Background(const std::vector<std::string>& command, const std::vector<std::string>& environment) {
  int output = -1;
  pid_ = start(command, environment, output);
  std::string text;
  char piece[512];
  for (ssize_t n = 0; !ready_ && (n = ::read(output, piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<std::size_t>(n));
    ready_ = text.find("ready") != std::string::npos;
  }
  ::close(output);
}

Background::~Background() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

RealCopies make_real_copies(const fs::path& folder) {
  RealCopies copies;
  const std::string libomp = find_libomp();
  if (libomp.empty())
    copies.missing = "LLVM's libomp.so.5 is not installed (package libomp5-14)";
  else if (!has("cc"))
    copies.missing = "no C compiler (cc)";
  else if (!has("patchelf"))
    copies.missing = "patchelf is not installed";
  if (!copies.missing.empty()) return copies;

  copies.one = folder / "one" / "libomp.so.5";
  copies.two = folder / "two" / "libomp-copy.so.5";
  copies.liba = folder / "liba.so";
  copies.libb = folder / "libb.so";
  copies.host = folder / "host";
  for (const fs::path& copy : {copies.one, copies.two}) {
    fs::create_directories(copy.parent_path());
    fs::copy_file(libomp, copy, fs::copy_options::overwrite_existing);
  }
  write(folder / "lib.c", library_source);
  write(folder / "host.c", host_source);
  const auto library = [&](const fs::path& target, const char* sub, const fs::path& needs) {
    return std::vector<std::string>{
        "cc",   "-shared",        "-fPIC", "-o",
        target, folder / "lib.c", needs,   std::string("-Wl,-rpath,$ORIGIN/") + sub};
  };
  for (const auto& command :
       {std::vector<std::string>{"patchelf", "--set-soname", "libomp-copy.so.5", copies.two},
        library(copies.liba, "one", copies.one), library(copies.libb, "two", copies.two),
        std::vector<std::string>{"cc", "-o", copies.host, folder / "host.c", "-ldl"}})
    if (const Outcome outcome = run(command); outcome.exit_code != 0)
      copies.missing = command[0] + " failed: " + outcome.output;
  return copies;
}

}  // namespace scan_test
