#include "tracker/commands/task_options.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

#include "common/task/parse.h"

namespace rowtide::commands {

void add_task_options(CLI::App& command, TaskOptions& options) {
  command.add_option("task", options.task_file, "task file: a ChangeTrackingTask, YAML or JSON")->required();
  command.add_option(
      "--secrets", options.secrets_folder,
      "folder of Secrets: a folder per Secret name, a file per key (DIR/orders-source/password)");
  command.add_flag("--kubernetes", options.kubernetes,
                   "the task comes from Kubernetes: no ${env:NAME}, Kafka only");
  add_log_options(command, options.log);
}

std::optional<task::Task> read_task(const TaskOptions& options) {
  if (std::error_code ignored; std::filesystem::is_directory(options.task_file, ignored)) {
    std::cerr << fmt::format("{}: is a folder; give the path of a task file\n", options.task_file);
    return std::nullopt;
  }
  std::ifstream stream(options.task_file, std::ios::binary);
  std::ostringstream document;
  document << stream.rdbuf();
  if (!stream) {
    std::cerr << fmt::format("{}: cannot be read; give the path of a task file\n", options.task_file);
    return std::nullopt;
  }
  task::ParseResult result =
      task::parse_task(document.str(), options.kubernetes ? task::Mode::Kubernetes : task::Mode::Standalone);
  for (const std::string& path : result.ignored) {
    std::cerr << fmt::format("{}: {} has no effect without Kubernetes\n", options.task_file, path);
  }
  if (result.ok()) return std::move(result.task);
  std::cerr << options.task_file << " is not a valid task:\n" << task::to_string(result.errors);
  return std::nullopt;
}

void write_file(const std::string& path, const std::string& content) {
  if (path.empty()) return;
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  if (!(stream << content)) spdlog::warn("{} cannot be written", path);
}

}  // namespace rowtide::commands
