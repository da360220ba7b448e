#include "common/cli/self_description.h"
#include "tracker/commands/command.h"

int main(int argc, char** argv) {
  using namespace rowtide::commands;
  CLI::App app(
      "Reads the binlog of MySQL, MariaDB or PolarDB for MySQL and delivers every change of the chosen "
      "tables.",
      "rowtide-tracker");
  app.require_subcommand(1);
  app.footer("Exit codes: 0 done or passed, 1 failed, 2 wrong usage or an invalid task file.");
  Action chosen;
  add_run(app, chosen);
  add_precheck(app, chosen);
  add_decode(app, chosen);
  add_cleanup(app, chosen);
  add_version(app, chosen);
  rowtide::cli::add_self_description(app, {.section = 1, .see_also = "rowtide-operator(8)"});
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  return chosen();
}
