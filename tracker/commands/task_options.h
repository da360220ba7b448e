#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

#include "common/task/spec.h"
#include "tracker/commands/log_options.h"

namespace rowtide::commands {

/// What every command that works on a task file is told.
struct TaskOptions {
  std::string task_file;
  std::string secrets_folder;
  bool kubernetes = false;
  LogOptions log;
};

void add_task_options(CLI::App& command, TaskOptions& options);
/// nullopt: the error has been written to stderr.
[[nodiscard]] std::optional<task::Task> read_task(const TaskOptions& options);
/// Nothing for an empty path.
void write_file(const std::string& path, const std::string& content);

}  // namespace rowtide::commands
