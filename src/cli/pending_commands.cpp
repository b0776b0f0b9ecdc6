#include "base/error.h"
#include "cli/command.h"

namespace runner::cli {
__attribute__((weak)) int doctor_command(int, char**) {
  throw RunError("not linked");
}
__attribute__((weak)) int env_command(int, char**) {
  throw RunError("not linked");
}
__attribute__((weak)) int exec_command(int, char**) {
  throw RunError("not linked");
}
__attribute__((weak)) int schedule_command(int, char**) {
  throw RunError("not linked");
}
}  // namespace runner::cli
