#include "common/cli/man_page.h"

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/version.h"

namespace rowtide::cli {
namespace {

/// Text of one line, which roff takes for nothing else: a backslash, a dash that may be copied to a command
/// line, and what begins a line.
std::string roff(const std::string& text) {
  std::string result = absl::StrReplaceAll(text, {{"\\", R"(\e)"}, {"-", R"(\-)"}, {"\n", " "}});
  if (result.starts_with('.') || result.starts_with('\'')) result.insert(0, R"(\&)");
  return result;
}

std::string bold(const std::string& text) {
  return R"(\fB)" + roff(text) + R"(\fR)";
}
std::string italic(const std::string& text) {
  return R"(\fI)" + roff(text) + R"(\fR)";
}

std::string sentence(std::string text) {
  if (!text.empty()) text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
  return text.empty() || text.ends_with('.') ? text : text + ".";
}

std::string option_text(const Option& option) {
  std::vector<std::string> sentences;
  if (!option.text.empty()) sentences.push_back(sentence(option.text));
  if (!option.choices.empty()) sentences.push_back("One of " + absl::StrJoin(option.choices, ", ") + ".");
  if (!option.limits.empty()) sentences.push_back(sentence(option.limits));
  if (!option.default_value.empty()) sentences.push_back("Default: " + option.default_value + ".");
  if (option.is_required) sentences.emplace_back("Required.");
  if (!option.environment.empty())
    sentences.push_back("Where it is not given: the environment variable " + option.environment + ".");
  return absl::StrJoin(sentences, " ");
}

std::string items(const Command& command) {
  std::string result;
  for (const Option& argument : command.arguments)
    result += fmt::format(".TP\n{}{}\n{}\n", italic(argument.names[0]), argument.may_repeat ? " ..." : "",
                          roff(option_text(argument)));
  for (const Option& option : command.options) {
    std::vector<std::string> names;
    for (const std::string& name : option.names) names.push_back(bold(name));
    result += fmt::format(".TP\n{}{}\n{}\n", absl::StrJoin(names, ", "),
                          option.value.empty() ? "" : " " + italic(option.value), roff(option_text(option)));
  }
  return result;
}

std::string synopsis(const std::string& name, const Command& command) {
  std::string line = bold(name) + " [" + italic("OPTIONS") + "]";
  for (const Option& argument : command.arguments)
    line += " " + italic(argument.names[0]) + (argument.may_repeat ? " ..." : "");
  return line + "\n";
}

}  // namespace

std::string man_page(const Command& program, const ManPage& page) {
  std::string text = program.text;
  while (text.ends_with('.')) text.pop_back();
  std::string result = fmt::format(
      ".TH {} {} \"\" \"rowtide {}\" \"{}\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n",
      roff(absl::AsciiStrToUpper(program.name)), page.section, roff(std::string(kVersion)),
      page.section == 8 ? "System Administration Commands" : "User Commands", roff(program.name), roff(text));
  result += synopsis(program.name, program);
  for (const Command& command : program.commands)
    result += ".br\n" + synopsis(program.name + " " + command.name, command);
  result += ".SH DESCRIPTION\n" + roff(program.text) + "\n";
  if (!program.footer.empty()) result += ".PP\n" + roff(program.footer) + "\n";
  result += ".SH OPTIONS\n" + items(program);
  if (!program.commands.empty()) result += ".SH COMMANDS\n";
  for (const Command& command : program.commands)
    result += fmt::format(".SS {}\n{}\n{}", roff(command.name), roff(sentence(command.text)), items(command));
  const std::string other(page.see_also);
  return result + fmt::format(".SH SEE ALSO\n{}{}\n", bold(other.substr(0, other.find('('))),
                              other.substr(other.find('(')));
}

}  // namespace rowtide::cli
