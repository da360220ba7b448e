#include "common/cli/completion.h"

#include <fmt/format.h>

#include <string_view>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace rowtide::cli {
namespace {

std::string function_name(const Command& program) {
  return "_" + absl::StrReplaceAll(program.name, {{"-", "_"}});
}

std::vector<std::string> command_names(const Command& program) {
  std::vector<std::string> names;
  for (const Command& command : program.commands) names.push_back(command.name);
  return names;
}

/// The program itself, by an empty name, and its commands.
std::vector<Command> with_program(const Command& program) {
  std::vector<Command> all = program.commands;
  all.push_back(program);
  all.back().name.clear();
  return all;
}

std::string bash_values(const Command& command) {
  std::string cases;
  for (const Option& option : command.options) {
    if (option.value.empty()) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : option.names)
      patterns.push_back(fmt::format("\"{} {}\"", command.name, name));
    cases += fmt::format("    {}) words='{}' ;;\n", absl::StrJoin(patterns, " | "),
                         absl::StrJoin(option.choices, " "));
  }
  return cases;
}

std::string bash_words(const Command& command) {
  std::vector<std::string> options;
  for (const Option& option : command.options)
    options.insert(options.end(), option.names.begin(), option.names.end());
  std::vector<std::string> others = command_names(command);
  for (const Option& argument : command.arguments)
    others.insert(others.end(), argument.choices.begin(), argument.choices.end());
  return fmt::format("        \"{0} -\"*) words='{1}' ;;\n        \"{0} \"*) words='{2}' ;;\n", command.name,
                     absl::StrJoin(options, " "), absl::StrJoin(others, " "));
}

std::string in_zsh_quotes(const std::string& text) {
  return "'" + absl::StrReplaceAll(text, {{"'", R"('\'')"}}) + "'";
}

std::string zsh_value(const Option& option) {
  if (option.value.empty()) return "";
  return ":" + option.value + ":" +
         (option.choices.empty() ? "_files" : "(" + absl::StrJoin(option.choices, " ") + ")");
}

/// The specifications of _arguments.
std::string zsh_specifications(const Command& command) {
  std::string result;
  for (const Option& option : command.options) {
    const std::string text =
        absl::StrReplaceAll(option.text, {{"\\", R"(\\)"}, {"[", R"(\[)"}, {"]", R"(\])"}, {":", R"(\:)"}});
    for (const std::string& name : option.names) {
      const std::string_view separator = option.value.empty() ? "" : name.starts_with("--") ? "=" : "+";
      const std::string others = option.may_repeat ? "*" : "(" + absl::StrJoin(option.names, " ") + ")";
      result += " \\\n    " +
                in_zsh_quotes(fmt::format("{}{}{}[{}]{}", others, name, separator, text, zsh_value(option)));
    }
  }
  for (const Option& argument : command.arguments)
    result += " \\\n    " + in_zsh_quotes((argument.may_repeat ? "*" : "") + zsh_value(argument));
  return result;
}

std::string in_fish_quotes(const std::string& text) {
  return "'" + absl::StrReplaceAll(text, {{"\\", R"(\\)"}, {"'", R"(\')"}}) + "'";
}

std::string fish_option(const Option& option) {
  std::string result;
  for (const std::string& name : option.names)
    result += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!option.choices.empty()) {
    result += " -x -a " + in_fish_quotes(absl::StrJoin(option.choices, " "));
  } else if (!option.value.empty()) {
    result += " -r -F";
  }
  return result + " -d " + in_fish_quotes(option.text);
}

}  // namespace

std::string bash_completion(const Command& program) {
  std::string values;
  std::string words;
  for (const Command& command : with_program(program)) {
    values += bash_values(command);
    words += bash_words(command);
  }
  // "--option=value" comes as three words.
  return fmt::format(R"(# bash completion of {0}
{1}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} command='' word words=''
  if [[ $current == = ]]; then
    current=''
  elif [[ $previous == = ]]; then
    previous=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD - 1}}"; do
    case $word in
      {2}) command=$word && break ;;
    esac
  done
  case "$command $previous" in
{3}    *)
      case "$command $current" in
{4}      esac
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F {1} {0}
)",
                     program.name, function_name(program), absl::StrJoin(command_names(program), " | "),
                     values, words);
}

std::string zsh_completion(const Command& program) {
  std::string commands;
  std::string cases;
  for (const Command& command : program.commands) {
    commands += " " + in_zsh_quotes(command.name + ":" + command.text);
    cases += fmt::format("        {}) _arguments :{} ;;\n", command.name, zsh_specifications(command));
  }
  // Called at once where the file is found in $fpath; else it is sourced.
  return fmt::format(R"(#compdef {0}
{1}() {{
  local curcontext=$curcontext state line
  local -a commands=({2} )
  _arguments -C :{3} \
    '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest)
      case $words[1] in
{4}      esac
      ;;
  esac
}}
if [[ $funcstack[1] == {1} ]]; then
  {1} "$@"
else
  compdef {1} {0}
fi
)",
                     program.name, function_name(program), commands, zsh_specifications(program), cases);
}

std::string fish_completion(const Command& program) {
  std::string result = fmt::format("# fish completion of {}\n", program.name);
  const std::string no_command =
      "not __fish_seen_subcommand_from " + absl::StrJoin(command_names(program), " ");
  for (const Command& command : with_program(program)) {
    const std::string begin =
        fmt::format("complete -c {} -n '{}'", program.name,
                    command.name.empty() ? no_command : "__fish_seen_subcommand_from " + command.name);
    for (const Option& option : command.options) result += begin + fish_option(option) + "\n";
    for (const Option& argument : command.arguments) {
      if (!argument.choices.empty())
        result += begin + " -f -a " + in_fish_quotes(absl::StrJoin(argument.choices, " ")) + "\n";
    }
    for (const Command& sub : command.commands)
      result += begin + " -f -a " + sub.name + " -d " + in_fish_quotes(sub.text) + "\n";
  }
  return result;
}

}  // namespace rowtide::cli
