#include "tracker/cleanup/cleanup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <memory>
#include <string>

#include "common/status/text.h"
#include "common/task/secrets.h"
#include "tracker/commands/command.h"
#include "tracker/commands/task_options.h"

namespace rowtide::commands {
namespace {

struct CleanupOptions {
  TaskOptions task;
  std::string report_file;
};

int remove_traces(const CleanupOptions& options) {
  if (!begin_log(options.task.log)) return kUsage;
  const std::optional<task::Task> task = read_task(options.task);
  if (!task) return kUsage;
  if (!task->spec.sink.kafka) {
    std::cerr << "cleanup is for tasks with sink.kafka; delete the checkpoint's file yourself\n";
    return kUsage;
  }
  const absl::StatusOr<std::vector<std::string>> topics =
      cleanup::clean_up(*task, task::SecretReader(options.task.secrets_folder));
  if (!topics.ok()) {
    std::cerr << text(topics.status()) << '\n';
    write_file(options.report_file, std::string(text(topics.status())));
    return kFailed;
  }
  const std::string done =
      topics->empty()
          ? "the checkpoint is deleted; no topic of the task was there"
          : fmt::format("the checkpoint is deleted, and so are the topics {}", fmt::join(*topics, ", "));
  std::cout << done << '\n' << std::flush;
  write_file(options.report_file, done);
  return kOk;
}

}  // namespace

void add_cleanup(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "cleanup", "Delete the task's topics and its checkpoint from Kafka; stop its tracker before");
  const auto options = std::make_shared<CleanupOptions>();
  add_task_options(*command, options->task);
  command->add_option("--report-file", options->report_file, "file for what was done, or what stays and why");
  command->callback([&chosen, options] { chosen = [options] { return remove_traces(*options); }; });
}

}  // namespace rowtide::commands
