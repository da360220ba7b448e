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
  ASSIGN_OR_RETURN(const cleanup::Cleaned cleaned, cleanup::clean_up(task, secrets));
  std::string done = "the checkpoint is deleted";
  done += cleaned.deleted.empty()
              ? "; no topic was deleted"
              : fmt::format(", and so are the topics {}", fmt::join(cleaned.deleted, ", "));
  if (!cleaned.left.empty()) {
    done += fmt::format(
        "; these are called like its topics and are left, because it is not noted that the task wrote to them: {}; "
        "delete them if nobody needs them: kafka-topics.sh --bootstrap-server BROKER --delete --topic TOPIC",
        fmt::join(cleaned.left, ", "));
  }
  return done;
}

absl::StatusOr<std::string> empty_whitelist(const task::Task& task, const task::SecretReader& secrets) {
  constexpr std::chrono::minutes kTime{1};
  RETURN_IF_ERROR(
      polardb::close_way_in(task, secrets, {.deadline = std::chrono::steady_clock::now() + kTime}));
  return "the task's whitelist group is empty";
}

struct Outcome {
  bool is_ok = true;
  std::string text;

  void add(const absl::StatusOr<std::string>& part) {
    is_ok = is_ok && part.ok();
    text += fmt::format("{}{}", text.empty() ? "" : "; ", part.ok() ? *part : rowtide::text(part.status()));
  }
};

bool manages_whitelist(const task::Task& task) {
  return task.spec.network.whitelist.mode == task::WhitelistMode::Manage;
}

/// Kafka first: it may need the source, which the whitelist is the way to. One that fails does not keep the
/// other from being done.
Outcome clean_all(const task::Task& task, const task::SecretReader& secrets, bool keeps_topics) {
  Outcome outcome;
  if (!task.spec.sink.kafka) {
    outcome.add(std::string("the checkpoint's file is left"));
  } else {
    outcome.add(keeps_topics ? absl::StatusOr<std::string>("topics and checkpoint are kept")
                             : clean_kafka(task, secrets));
  }
  if (manages_whitelist(task)) outcome.add(empty_whitelist(task, secrets));
  return outcome;
}

int remove_traces(const CleanupOptions& options) {
  if (!begin_log(options.task.log)) return kUsage;
  const std::optional<task::Task> task = read_task(options.task);
  if (!task) return kUsage;
  if (!task->spec.sink.kafka && !manages_whitelist(*task)) {
    std::cerr
        << "cleanup is for tasks with sink.kafka or network.whitelist.mode Manage; delete the checkpoint's file "
           "yourself\n";
    return kUsage;
  }
  const Outcome outcome =
      clean_all(*task, task::SecretReader(options.task.secrets_folder), options.keeps_topics);
  (outcome.is_ok ? std::cout : std::cerr) << outcome.text << '\n' << std::flush;
  write_file(options.report_file, outcome.text);
  return outcome.is_ok ? kOk : kFailed;
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
