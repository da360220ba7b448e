#include "tracker/commands/log_options.h"

#include "common/log/log.h"

namespace rowtide::commands {

void add_log_options(CLI::App& command, LogOptions& options) {
  command.add_option("--log-level", options.level, "what to log on stderr")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  command.add_option("--log-format", options.format, "how to log")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

bool begin_log(const LogOptions& options) {
  return log::init(options.level, options.format == "json" ? log::Format::Json : log::Format::Text);
}

}  // namespace rowtide::commands
