#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace rowtide::commands {

struct LogOptions {
  std::string level = "info";
  std::string format = "text";
};

void add_log_options(CLI::App& command, LogOptions& options);
/// False: it was said on stderr what is wrong.
[[nodiscard]] bool begin_log(const LogOptions& options);

}  // namespace rowtide::commands
