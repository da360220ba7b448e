#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <iostream>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "common/http/server.h"
#include "common/log/printable.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "common/task/secrets.h"
#include "tracker/checkpoint/file_checkpoint_store.h"
#include "tracker/checkpoint/kafka_checkpoint_store.h"
#include "tracker/cleanup/matching_topics.h"
#include "tracker/commands/command.h"
#include "tracker/commands/deferred.h"
#include "tracker/commands/objects_warning.h"
#include "tracker/commands/run_parts.h"
#include "tracker/commands/run_readers.h"
#include "tracker/commands/stop_signals.h"
#include "tracker/commands/task_options.h"
#include "tracker/encode/encoder.h"
#include "tracker/groups/group_keeper.h"
#include "tracker/run/retry.h"
#include "tracker/run/runner.h"
#include "tracker/serve/endpoints.h"
#include "tracker/sink/kafka_sink.h"
#include "tracker/sink/stdout_sink.h"
#include "tracker/sink/topic_name.h"

namespace rowtide::commands {
namespace {

struct RunOptions {
  TaskOptions task;
  std::string listen = "127.0.0.1:8080";
  std::string status_listen;
  std::string checkpoint_file;
  std::string state_folder;
  std::string groups_file;
  std::string failure_file;
};

std::unique_ptr<sink::Sink> make_sink(const task::Task& task, const task::SecretReader& secrets) {
  if (task.spec.sink.kafka)
    return sink::make_kafka_sink(task, secrets, encode::timestamp_unit(task.spec.sink.kafka->format));
  return sink::make_stdout_sink();
}

std::unique_ptr<checkpoint::CheckpointStore> make_checkpoints(const task::Task& task,
                                                              const task::SecretReader& secrets,
                                                              const std::string& file) {
  if (!task.spec.sink.kafka && file.empty()) return nullptr;
  return std::make_unique<DeferredCheckpoints>([&task, &secrets, file] {
    return task.spec.sink.kafka ? checkpoint::make_kafka_checkpoint_store(task, secrets)
                                : checkpoint::make_file_checkpoint_store(file, task);
  });
}

/// The topics of the task's changes: with {database} or {table} in their name also those of before this
/// start.
absl::StatusOr<std::vector<std::string>> topics_of(const task::Task& task, const sink::Sink& sink,
                                                   const groups::KeeperParts::ListTopics& existing) {
  std::vector<std::string> topics = sink.topics(0);
  if (!sink::has_topic_per_table(task)) return topics;
  ASSIGN_OR_RETURN(const std::vector<std::string> there, existing());
  const auto matching = cleanup::matching_topics(task, there);
  if (!matching.ok()) return topics;
  std::set<std::string> all(topics.begin(), topics.end());
  all.insert(matching->begin(), matching->end());
  return std::vector<std::string>(all.begin(), all.end());
}

/// The keeper of the task's consumer groups; null where no file of them was given. INVALID_ARGUMENT: what is
/// wrong with the file. In Kubernetes it is the operator's, comes when there is a group, and keeps no tracker
/// from streaming.
absl::StatusOr<std::unique_ptr<groups::GroupKeeper>> make_keeper(const RunOptions& options,
                                                                 const task::Task& task,
                                                                 const task::SecretReader& secrets,
                                                                 const sink::Sink& sink) {
  if (options.groups_file.empty()) return nullptr;
  const task::Mode mode = options.task.kubernetes ? task::Mode::Kubernetes : task::Mode::Standalone;
  if (mode == task::Mode::Standalone) RETURN_IF_ERROR(groups::check_groups(options.groups_file, mode));
  return std::make_unique<groups::GroupKeeper>(groups::KeeperParts{
      .task = task,
      .secrets = secrets,
      .unit = encode::timestamp_unit(task.spec.sink.kafka->format),
      .topics = [&task, &sink](const auto& existing) { return topics_of(task, sink, existing); },
      .marks_topic = task.qualified_name() + ".transaction",
      .file = options.groups_file,
      .mode = mode});
}

int fail(const RunOptions& options, const absl::Status& status) {
  spdlog::error("{}", text(status));
  write_file(options.failure_file,
             fmt::format("{}: {}\n", run::condition_reason(status), log::printable(text(status))));
  return kFailed;
}

int run_task(const RunOptions& options, task::Task task) {
  if (task.spec.suspend) {
    std::cerr << options.task.task_file << ": spec.suspend is true; set it to false to run the task\n";
    return kUsage;
  }
  if (!options.checkpoint_file.empty() && !task.spec.sink.stdout_sink) {
    std::cerr << "--checkpoint is for the stdout sink; with Kafka the checkpoint is kept there\n";
    return kUsage;
  }
  if (!options.groups_file.empty() && !task.spec.sink.kafka) {
    std::cerr << "--groups is for the Kafka sink: consumer groups are Kafka's\n";
    return kUsage;
  }
  if (!options.state_folder.empty() && !task.spec.sink.stream) {
    std::cerr << "--state is for the stream sink: it keeps the places of its named readers\n";
    return kUsage;
  }
  if (!options.status_listen.empty() && !task.spec.sink.stream) {
    std::cerr
        << "--status-listen is for the stream sink; give --listen, where nothing but the status is otherwise\n";
    return kUsage;
  }
  if (task.spec.sink.stream && options.listen == "off") {
    std::cerr << "--listen off: the stream sink is read over HTTP; give an address\n";
    return kUsage;
  }
  StopSignals signals;
  const std::stop_token stop =
      signals.stop_when_told("Stopping: delivering what was read, then saving the checkpoint");

  const task::SecretReader secrets(options.task.secrets_folder);
  if (task.spec.sink.stream) {
    const absl::Status status = run_readers(task, secrets,
                                            {.listen = options.listen,
                                             .status_listen = options.status_listen,
                                             .state = options.state_folder,
                                             .is_prechecked = options.task.kubernetes},
                                            stop);
    return status.ok() ? kOk : fail(options, status);
  }
  const std::unique_ptr<source::EventSource> source = make_source(task, secrets);
  const std::unique_ptr<sink::Sink> sink = make_sink(task, secrets);
  const auto checkpoints = make_checkpoints(task, secrets, options.checkpoint_file);
  run::Runner tracker(task, make_parts(task, secrets, *source, *sink, checkpoints.get()));

  const auto keeper = make_keeper(options, task, secrets, *sink);
  if (!keeper.ok()) {
    std::cerr << text(keeper.status()) << "\n";
    return kUsage;
  }
  const auto groups = [&keeper] {
    return *keeper != nullptr ? (*keeper)->statuses() : std::vector<task::GroupStatus>();
  };
  std::unique_ptr<http::Server> server;
  if (options.listen != "off") {
    auto started = http::Server::start(options.listen, serve::endpoints(task, tracker, *sink, groups));
    if (!started.ok()) return fail(options, started.status());
    server = *std::move(started);
  }
  // With the tracker, not after it: while it delivers, the keeper ends what it waits for.
  const std::stop_callback stop_keeper(stop, [&keeper] {
    if (*keeper != nullptr) (*keeper)->stop();
  });
  std::jthread warning;
  if (!options.task.kubernetes) {
    warning = std::jthread([&](const std::stop_token& ended) {
      warn_of_objects(
          task, secrets, [&tracker] { return tracker.is_streaming(); }, ended);
    });
  }
  const absl::Status status = tracker.run(stop);
  if (!status.ok()) return fail(options, status);
  spdlog::info("Stopped; {} rows in {} transactions", tracker.counters().total_rows(),
               tracker.counters().transactions.load());
  return kOk;
}

int run(const RunOptions& options) {
  if (!begin_log(options.task.log)) return kUsage;
  std::optional<task::Task> task = read_task(options.task);
  return task ? run_task(options, *std::move(task)) : kUsage;
}

}  // namespace

void add_run(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("run", "Run a task until told to stop (SIGTERM, Ctrl-C)");
  const auto options = std::make_shared<RunOptions>();
  add_task_options(*command, options->task);
  command
      ->add_option("--listen", options->listen,
                   "address of /metrics, /healthz, /readyz, /status; off for none")
      ->capture_default_str();
  command->add_option("--status-listen", options->status_listen,
                      "another address of these, without the changes (stream sink)");
  command->add_option("--checkpoint", options->checkpoint_file,
                      "file to resume from and to keep the position in (stdout sink)");
  command->add_option("--state", options->state_folder,
                      "folder in which the places of named readers are kept (stream sink)");
  command->add_option("--groups", options->groups_file,
                      "file of ConsumerGroups: those of this task are kept as it says, and as it changes");
  command->add_option("--failure-file", options->failure_file, "file for the reason of a final failure");
  command->callback([&chosen, options] { chosen = [options] { return run(*options); }; });
}

}  // namespace rowtide::commands
