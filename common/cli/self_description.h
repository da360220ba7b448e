#pragma once

#include <CLI/CLI.hpp>

#include "common/cli/man_page.h"

namespace rowtide::cli {

/// Adds the commands `completion SHELL` and (hidden) `man`, which print to stdout and end the parsing with
/// CLI::Success, whatever else is required. The last to be added to `app`, which must outlive the parsing.
void add_self_description(CLI::App& app, const ManPage& page);

}  // namespace rowtide::cli
