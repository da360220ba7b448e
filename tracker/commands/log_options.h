#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace rowtide::commands {

struct LogOptions {
  std::string level = "info";
  std::string format = "text";
};

void add_log_options(CLI::App& command, LogOptions& options);
/// False: the error has been written to stderr.
[[nodiscard]] bool begin_log(const LogOptions& options);

}  // namespace rowtide::commands
