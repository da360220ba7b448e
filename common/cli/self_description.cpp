#include "common/cli/self_description.h"

#include <iostream>
#include <memory>
#include <string>

#include "common/cli/command_table.h"
#include "common/cli/completion.h"

namespace rowtide::cli {
namespace {

/// What --help does: nothing of the command line is looked at any more.
[[noreturn]] void print_and_end(const std::string& text) {
  std::cout << text << std::flush;
  throw CLI::Success();
}

}  // namespace

void add_self_description(CLI::App& app, const ManPage& page) {
  CLI::App* completion =
      app.add_subcommand("completion", "Print a script that completes the command line in a shell");
  const auto shell = std::make_shared<std::string>();
  completion->add_option("shell", *shell, "the shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->immediate_callback()->callback([&app, shell] {
    const Command program = describe(app);
    print_and_end(*shell == "bash"  ? bash_completion(program)
                  : *shell == "zsh" ? zsh_completion(program)
                                    : fish_completion(program));
  });
  app.add_subcommand("man", "Print the manual page")->group("")->immediate_callback()->callback([&app, page] {
    print_and_end(man_page(describe(app), page));
  });
}

}  // namespace rowtide::cli
