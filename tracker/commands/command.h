#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace rowtide::commands {

inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

/// What the command line asks for; returns the program's exit code.
using Action = std::function<int()>;

// Each adds its subcommand with its options, and sets `chosen` when the command line names it.
void add_run(CLI::App& app, Action& chosen);
void add_precheck(CLI::App& app, Action& chosen);
void add_decode(CLI::App& app, Action& chosen);
void add_cleanup(CLI::App& app, Action& chosen);
void add_version(CLI::App& app, Action& chosen);

}  // namespace rowtide::commands
