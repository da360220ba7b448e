#include "tracker/cleanup/cleanup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "common/status/text.h"
#include "common/status/try.h"
#include "common/task/secrets.h"
#include "tracker/commands/command.h"
#include "tracker/commands/task_options.h"
#include "tracker/polardb/way_in.h"

namespace rowtide::commands {
namespace {

struct CleanupOptions {
  TaskOptions task;
  std::string report_file;
  bool keeps_topics = false;
};

/// What was done, for people.
absl::StatusOr<std::string> clean_kafka(const task::Task& task, const task::SecretReader& secrets) {
  ASSIGN_OR_RETURN(const std::vector<std::string> topics, cleanup::clean_up(task, secrets));
  if (topics.empty()) return "the checkpoint is deleted; no topic of the task was there";
  return fmt::format("the checkpoint is deleted, and so are the topics {}", fmt::join(topics, ", "));
}

/// Kafka first: it may need the source, which the whitelist is the way to.
absl::StatusOr<std::string> clean_all(const task::Task& task, const task::SecretReader& secrets,
                                      bool keeps_topics) {
  constexpr std::chrono::minutes kTime{1};
  std::string done = "topics and checkpoint are kept";
  if (!keeps_topics) {
    ASSIGN_OR_RETURN(done, clean_kafka(task, secrets));
  }
  if (task.spec.network.whitelist.mode != task::WhitelistMode::Manage) return done;
  RETURN_IF_ERROR(polardb::close_way_in(task, secrets, std::chrono::steady_clock::now() + kTime));
  return done + "; the task's whitelist group is empty";
}

int remove_traces(const CleanupOptions& options) {
  if (!begin_log(options.task.log)) return kUsage;
  const std::optional<task::Task> task = read_task(options.task);
  if (!task) return kUsage;
  if (!task->spec.sink.kafka) {
    std::cerr << "cleanup is for tasks with sink.kafka; delete the checkpoint's file yourself\n";
    return kUsage;
  }
  const absl::StatusOr<std::string> done =
      clean_all(*task, task::SecretReader(options.task.secrets_folder), options.keeps_topics);
  if (!done.ok()) {
    std::cerr << text(done.status()) << '\n';
    write_file(options.report_file, std::string(text(done.status())));
    return kFailed;
  }
  std::cout << *done << '\n' << std::flush;
  write_file(options.report_file, *done);
  return kOk;
}

}  // namespace

void add_cleanup(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "cleanup", "Delete the task's topics and its checkpoint from Kafka; stop its tracker before");
  const auto options = std::make_shared<CleanupOptions>();
  add_task_options(*command, options->task);
  command->add_flag("--keep-topics", options->keeps_topics,
                    "leave topics and checkpoint; only the whitelist group that the task manages is emptied");
  command->add_option("--report-file", options->report_file, "file for what was done, or what stays and why");
  command->callback([&chosen, options] { chosen = [options] { return remove_traces(*options); }; });
}

}  // namespace rowtide::commands
