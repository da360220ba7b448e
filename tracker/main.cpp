#include <iostream>

#include "common/cli/self_description.h"
#include "common/version.h"
#include "tracker/commands/command.h"

int main(int argc, char** argv) {
  using namespace rowtide::commands;
  CLI::App app(
      "Reads the binlog of MySQL, MariaDB or PolarDB for MySQL and delivers every change of the chosen "
      "tables.",
      "rowtide-tracker");
  app.require_subcommand(1);
  app.set_version_flag("--version", "rowtide-tracker " + rowtide::version_text());
  app.footer("Exit codes: 0 done or passed, 1 failed, 2 wrong usage or an invalid task file.");
  Action chosen;
  add_run(app, chosen);
  add_precheck(app, chosen);
  add_decode(app, chosen);
  add_cleanup(app, chosen);
  add_version(app, chosen);
  rowtide::cli::add_self_description(app, {.section = 1, .see_also = "rowtide-operator(8)"});
  const auto is_named = [&](const CLI::App* command) { return command->get_name() == argv[1]; };
  if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(is_named).empty()) {
    std::cerr << "rowtide-tracker: there is no command " << argv[1] << "; see rowtide-tracker --help\n";
    return kUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  return chosen();
}
