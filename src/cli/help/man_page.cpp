#include "cli/help/man_page.h"

#include "base/log.h"
#include "base/version.h"
#include "cli/help/help_text.h"
#include "cli/help/overview.h"

namespace runner::cli {
namespace {

constexpr const char* page_head =
    ".SH DESCRIPTION\n"
    "Checks a YAML file, sets the environment that OpenMP and BLAS need before any library can load, and "
    "runs the\n"
    "job in a worker process that loads one plug-in.\n"
    ".PP\n"
    "A configuration is named by its path or, when it ships with the runner, by its short name.\n"
    "A flag or\n.B \\-\\-set\nstands above the file, the file above the default.\n"
    ".PP\n"
    "Results go to standard output, everything else to standard error.\n"
    "Every key of a job's file is listed by\n.BR \"runner help\" \" COMMAND\" .\n";

constexpr const char* page_end =
    ".SH ENVIRONMENT\n"
    ".TP\n.B RUNNER_DEVICE\nStands above the file's device and below\n.BR \\-\\-device .\n"
    ".TP\n.B RUNNER_LOG\nThe level of the log.\n"
    ".TP\n.B RUNNER_CACHE_DIR\nWhere what was found in libraries is remembered.\n"
    ".TP\n.B NO_COLOR\nNo colours, unless\n.B \\-\\-color always\nsays so.\n"
    ".TP\n.B CLICOLOR_FORCE\nColours in pipes and files too.\n";

// Text as troff sees none of its own signs in it.
std::string plain(const std::string& text) {
  std::string out;
  bool begins = true;
  for (const char c : text) {
    if (begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    begins = c == '\n';
  }
  return out;
}

std::string paragraphs(const std::string& text) {
  if (text.empty()) return "";
  std::string out = ".PP\n" + plain(text) + "\n";
  for (std::size_t at; (at = out.find("\n\n")) != std::string::npos;) out.replace(at, 2, "\n.PP\n");
  return out;
}

std::string flag_lines(const DescribedCommand& command) {
  std::string out;
  for (const DescribedFlag& flag : command.flags)
    out += ".TP\n.B \"" + plain(flag.left()) + "\"\n" +
           plain(flag.help + value_words(flag.choices, "", flag.default_value)) + "\n";
  return out;
}

std::string section_of(const DescribedCommand& command) {
  std::string out = ".SS \"" + plain(usage_line(command)) + "\"\n" + plain(command.summary) + "\n";
  out += paragraphs(command.about);
  if (command.commands.empty()) out += flag_lines(command);
  if (!command.examples.empty()) out += ".PP\nExamples:\n.PP\n.nf\n" + plain(command.examples) + "\n.fi\n";
  for (const DescribedCommand& sub : command.commands) out += section_of(sub);
  return out;
}

}  // namespace

std::string man_page(const std::vector<DescribedCommand>& commands) {
  std::string page = fmt::format(
      ".TH RUNNER 1 \"\" \"runner {}\" \"User Commands\"\n.SH NAME\nrunner \\- build FAISS indexes and train "
      "LVM "
      "transformers, without OpenMP conflicts\n.SH SYNOPSIS\n.B runner\n.I COMMAND\n[ARGUMENTS] [FLAGS]\n",
      version());
  page += page_head + std::string(".SH COMMANDS\n");
  for (const DescribedCommand& command : commands) page += section_of(command);
  page += ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : exit_codes())
    page += ".TP\n.B \"" + code + "\"\n" + plain(meaning) + "\n";
  return page + page_end;
}

}  // namespace runner::cli
