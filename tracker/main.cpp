#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include "common/http/server.h"
#include "common/log/log.h"
#include "common/status/text.h"
#include "common/task/parse.h"
#include "common/task/precheck_report.h"
#include "common/task/secrets.h"
#include "common/version.h"
#include "tracker/checkpoint/file_checkpoint_store.h"
#include "tracker/checkpoint/kafka_checkpoint_store.h"
#include "tracker/pipeline/tracker.h"
#include "tracker/precheck/precheck.h"
#include "tracker/serve/endpoints.h"
#include "tracker/sink/kafka_sink.h"
#include "tracker/sink/stdout_sink.h"
#include "tracker/sink/topic_name.h"
#include "tracker/source/binlog_source.h"
#include "tracker/source/mysql_session.h"
#include "tracker/source/position_sampler.h"
#include "tracker/source/start_position.h"

// The one place that names concrete sources, sinks and stores.

namespace {

using namespace rowtide;

constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr std::size_t kReportLimit = 4096;  // what Kubernetes keeps of a container's last words

struct Options {
  std::string task_file;
  std::string secrets_folder;
  bool kubernetes = false;
  std::string log_level = "info";
  std::string log_format = "text";
  // run
  std::string listen = "127.0.0.1:8080";
  std::string checkpoint_file;
  std::string failure_file;
  // precheck
  std::string output = "table";
  std::string report_file;
};

/// nullopt: it was said on stderr what is wrong.
std::optional<task::Task> read_task(const Options& options) {
  std::ifstream stream(options.task_file, std::ios::binary);
  std::ostringstream document;
  document << stream.rdbuf();
  if (!stream) {
    std::cerr << fmt::format("{}: cannot be read; give the path of a task file\n", options.task_file);
    return std::nullopt;
  }
  task::ParseResult result =
      task::parse_task(document.str(), options.kubernetes ? task::Mode::Kubernetes : task::Mode::Standalone);
  if (result.ok()) return std::move(result.task);
  std::cerr << options.task_file << " is not a valid task:\n" << task::to_string(result.errors);
  return std::nullopt;
}

void write_file(const std::string& path, const std::string& content) {
  if (path.empty()) return;
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  if (!(stream << content)) spdlog::warn("{} cannot be written", path);
}

std::unique_ptr<sink::Sink> make_sink(const task::Task& task, const task::SecretReader& secrets) {
  if (task.spec.sink.kafka) return sink::make_kafka_sink(task, secrets);
  return sink::make_stdout_sink();
}

std::unique_ptr<checkpoint::CheckpointStore> make_checkpoints(const task::Task& task,
                                                              const task::SecretReader& secrets,
                                                              const std::string& file) {
  if (task.spec.sink.kafka) return checkpoint::make_kafka_checkpoint_store(task, secrets);
  if (!file.empty()) return checkpoint::make_file_checkpoint_store(file, task);
  return nullptr;
}

pipeline::Tracker::Parts make_parts(const task::Task& task, const task::SecretReader& secrets,
                                    source::EventSource& source, sink::Sink& sink,
                                    checkpoint::CheckpointStore* checkpoints) {
  return {
      .source = source,
      .sink = sink,
      .checkpoints = checkpoints,
      .connect_sql = [&task, &secrets]() -> absl::StatusOr<std::unique_ptr<schema::SqlSession>> {
        auto session = source::MysqlSession::connect(task.spec.source, secrets);
        if (!session.ok()) return session.status();
        return *std::move(session);
      },
      .start_position =
          [&task](schema::SqlSession& session) {
            return source::resolve_start_position(task.spec.start_position, session);
          },
      .sample_end = [](schema::SqlSession& session) -> absl::StatusOr<pipeline::BinlogPlace> {
        auto end = source::current_end(session);
        if (!end.ok()) return end.status();
        return pipeline::BinlogPlace{std::move(end->first), end->second};
      },
      .topic_for = [&task](const std::string& database,
                           const std::string& table) { return sink::topic_for(task, database, table); },
      .schema_topic = sink::schema_topic_for(task),
      .format = task.spec.sink.kafka ? task.spec.sink.kafka->format : task.spec.sink.stdout_sink->format,
  };
}

/// SIGTERM and SIGINT end the run in good order. Blocked before any thread begins, so that only the thread
/// that waits for them gets them.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  // Ends what holds the token when the process is told to.
  [[nodiscard]] std::stop_token stop_when_told() {
    waiter_ = std::jthread([this](const std::stop_token& done) {
      constexpr timespec kLook{.tv_sec = 0, .tv_nsec = 200'000'000};
      while (!done.stop_requested()) {
        if (sigtimedwait(&signals_, nullptr, &kLook) > 0) {
          spdlog::info("Stopping: delivering what was read, then saving the checkpoint");
          stop_.request_stop();
          return;
        }
      }
    });
    return stop_.get_token();
  }

 private:
  sigset_t signals_{};
  std::stop_source stop_;
  std::jthread waiter_;
};

int fail(const Options& options, const absl::Status& status) {
  spdlog::error("{}", text(status));
  write_file(options.failure_file, fmt::format("{}: {}\n", pipeline::reason_of(status), text(status)));
  return kFailed;
}

int run_task(const Options& options, const task::Task& task) {
  if (task.spec.suspend) {
    std::cerr << options.task_file << ": spec.suspend is true; set it to false to run the task\n";
    return kUsage;
  }
  if (!options.checkpoint_file.empty() && !task.spec.sink.stdout_sink) {
    std::cerr << "--checkpoint is for the stdout sink; with Kafka the checkpoint is kept there\n";
    return kUsage;
  }
  StopSignals signals;
  const std::stop_token stop = signals.stop_when_told();

  const task::SecretReader secrets(options.secrets_folder);
  source::BinlogSource source(task, secrets);
  const std::unique_ptr<sink::Sink> sink = make_sink(task, secrets);
  const auto checkpoints = make_checkpoints(task, secrets, options.checkpoint_file);
  pipeline::Tracker tracker(task, make_parts(task, secrets, source, *sink, checkpoints.get()));

  std::unique_ptr<http::Server> server;
  if (options.listen != "off") {
    auto started = http::Server::start(options.listen, serve::endpoints(task, tracker, *sink));
    if (!started.ok()) return fail(options, started.status());
    server = *std::move(started);
  }
  const absl::Status status = tracker.run(stop);
  if (!status.ok()) return fail(options, status);
  spdlog::info("Stopped; {} rows in {} transactions", tracker.counters().total_rows(),
               tracker.counters().transactions.load());
  return kOk;
}

int check(const Options& options, const task::Task& task) {
  const task::PrecheckReport report =
      precheck::run_precheck(task, task::SecretReader(options.secrets_folder));
  std::cout << (options.output == "json" ? task::to_json(report, true) + "\n"
                                         : precheck::render_table(report))
            << std::flush;
  write_file(options.report_file, task::to_json_within(report, kReportLimit));
  return report.passed() ? kOk : kFailed;
}

void add_common_options(CLI::App& command, Options& options) {
  command.add_option("task", options.task_file, "task file: a ChangeTrackingTask, YAML or JSON")->required();
  command.add_option("--secrets", options.secrets_folder,
                     "folder of Secrets: a folder a Secret name, a file a key (DIR/orders-source/password)");
  command.add_flag("--kubernetes", options.kubernetes,
                   "the task comes from Kubernetes: no ${env:NAME}, Kafka only");
  command.add_option("--log-level", options.log_level, "what to log on stderr")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  command.add_option("--log-format", options.log_format, "how to log")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Reads the binlog of MySQL, MariaDB or PolarDB for MySQL and delivers every change of the chosen "
      "tables.",
      "rowtide-tracker");
  app.require_subcommand(1);
  app.footer("Exit codes: 0 done or passed, 1 failed, 2 wrong usage or an invalid task file.");

  CLI::App* run_command = app.add_subcommand("run", "Run a task until told to stop (SIGTERM, Ctrl-C)");
  add_common_options(*run_command, options);
  run_command
      ->add_option("--listen", options.listen,
                   "address of /metrics, /healthz, /readyz, /status; off for none")
      ->capture_default_str();
  run_command->add_option("--checkpoint", options.checkpoint_file,
                          "file to resume from and to keep the position in (stdout sink)");
  run_command->add_option("--failure-file", options.failure_file, "file for the reason of a final failure");

  CLI::App* precheck_command =
      app.add_subcommand("precheck", "Check source and Kafka; says of each failed item how to repair it");
  add_common_options(*precheck_command, options);
  precheck_command->add_option("-o,--output", options.output, "how to show the result")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  precheck_command->add_option("--report-file", options.report_file,
                               "file for the report, JSON of at most 4 KiB");

  const CLI::App* version_command = app.add_subcommand("version", "Print the version");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  if (version_command->parsed()) {
    std::cout << "rowtide-tracker " << kVersion << std::endl;
    return kOk;
  }
  if (!log::init(options.log_level, options.log_format == "json" ? log::Format::Json : log::Format::Text)) {
    return kUsage;
  }
  const std::optional<task::Task> task = read_task(options);
  if (!task) return kUsage;
  return run_command->parsed() ? run_task(options, *task) : check(options, *task);
}
