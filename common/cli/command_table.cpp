#include "common/cli/command_table.h"

#include "absl/strings/str_split.h"

namespace rowtide::cli {
namespace {

/// CLI11 tells kind and checks in one text: "TEXT:{debug,info}", "INT:INT in [1 - 64]".
void set_value(Option& option, const std::string& type) {
  const std::size_t colon = type.find(':');
  option.value = type.substr(0, colon);
  if (colon == std::string::npos) return;
  const std::string checks = type.substr(colon + 1);
  if (checks.starts_with('{') && checks.ends_with('}')) {
    option.choices = absl::StrSplit(checks.substr(1, checks.size() - 2), ',');
  } else {
    option.limits = checks;
  }
}

Option describe_option(const CLI::Option& from) {
  Option option;
  for (const std::string& name : from.get_snames()) option.names.push_back("-" + name);
  for (const std::string& name : from.get_lnames()) option.names.push_back("--" + name);
  if (option.names.empty()) option.names.push_back(from.get_name());
  if (from.get_items_expected_max() > 0) set_value(option, from.get_type_name());
  option.default_value = from.get_default_str();
  option.environment = from.get_envname();
  option.text = from.get_description();
  option.is_required = from.get_required();
  option.may_repeat = from.get_items_expected_max() > 1;
  return option;
}

}  // namespace

Command describe(const CLI::App& app) {
  Command command;
  command.name = app.get_name();
  command.text = app.get_description();
  command.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    (option->get_positional() ? command.arguments : command.options).push_back(describe_option(*option));
  }
  const auto is_shown = [](const CLI::App* sub) { return !sub->get_group().empty(); };
  for (const CLI::App* sub : app.get_subcommands(is_shown)) command.commands.push_back(describe(*sub));
  return command;
}

}  // namespace rowtide::cli
