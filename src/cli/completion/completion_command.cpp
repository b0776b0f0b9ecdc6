#include "cli/completion/completion_command.h"

#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/completion/scripts.h"
#include "cli/help/command_line.h"

namespace runner::cli {
namespace {

constexpr const char* about_completion =
    "A script by which a shell completes commands, flags, keys, configurations and runs.\n\n"
    "An installed runner has it where the shells look by themselves.\n\n"
    "Examples:\n"
    "  eval \"$(runner completion bash)\"       in ~/.bashrc\n"
    "  eval \"$(runner completion zsh)\"        in ~/.zshrc, behind compinit\n"
    "  runner completion fish | source        in ~/.config/fish/config.fish";

void declare(CommandLine& app, std::string& shell) {
  app.add_option("SHELL", shell, "for which shell")
      ->required()
      ->type_name("{bash,zsh,fish}")
      ->check([](const std::string& word) {
        const bool known = word == "bash" || word == "zsh" || word == "fish";
        return known ? "" : "expected bash, zsh or fish, got '" + word + "'";
      });
}

}  // namespace

DescribedCommand describe_completion_command(const std::string& name) {
  CommandLine app(about_completion, name);
  std::string shell;
  declare(app, shell);
  return app.described();
}

int completion_command(int argc, char** argv) {
  CommandLine app(about_completion, "runner completion");
  std::string shell;
  declare(app, shell);
  if (!app.read(argc, argv)) return 0;
  const DescribedCommands all = described_commands();
  fmt::print("{}", shell == "bash"  ? bash_completion(all)
                   : shell == "zsh" ? zsh_completion(all)
                                    : fish_completion(all));
  return 0;
}

}  // namespace runner::cli
