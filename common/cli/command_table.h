#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace rowtide::cli {

struct Option {
  std::vector<std::string> names;  ///< "-o", "--output"; of an argument its one name, without dashes
  std::string value;               ///< the kind of its value, "TEXT"; empty: a flag
  std::vector<std::string> choices;
  std::string limits;  ///< what else its value must be, "INT in [1 - 64]"
  std::string default_value;
  std::string environment;  ///< the variable that is read where it is not given
  std::string text;
  bool is_required = false;
  bool may_repeat = false;
};

/// A program, or one of its commands (which have none of their own).
struct Command {
  std::string name;
  std::string text;
  std::string footer;
  std::vector<Option> options;
  std::vector<Option> arguments;
  std::vector<Command> commands;
};

/// What --help shows of `app`, in its order: nothing that is hidden.
[[nodiscard]] Command describe(const CLI::App& app);

}  // namespace rowtide::cli
