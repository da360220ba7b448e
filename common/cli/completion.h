#pragma once

#include <string>

#include "common/cli/command_table.h"

namespace rowtide::cli {

// Each is a script for that shell which completes commands, options, and values where they are to be chosen
// among some; file names elsewhere.
[[nodiscard]] std::string bash_completion(const Command& program);
[[nodiscard]] std::string zsh_completion(const Command& program);
[[nodiscard]] std::string fish_completion(const Command& program);

}  // namespace rowtide::cli
