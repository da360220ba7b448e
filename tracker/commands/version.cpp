#include "common/version.h"

#include <iostream>

#include "tracker/commands/command.h"

namespace rowtide::commands {

void add_version(CLI::App& app, Action& chosen) {
  app.add_subcommand("version", "Print the version")->callback([&chosen] {
    chosen = [] {
      std::cout << "rowtide-tracker " << version_text() << std::endl;
      return kOk;
    };
  });
}

}  // namespace rowtide::commands
