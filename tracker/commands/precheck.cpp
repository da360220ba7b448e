#include "tracker/precheck/precheck.h"

#include <iostream>
#include <memory>
#include <string>

#include "common/task/precheck_report.h"
#include "common/task/secrets.h"
#include "tracker/commands/command.h"
#include "tracker/commands/precheck_progress.h"
#include "tracker/commands/task_options.h"

namespace rowtide::commands {
namespace {

constexpr std::size_t kReportLimit = 4096;  // what Kubernetes keeps of a container's last words

struct PrecheckOptions {
  TaskOptions task;
  std::string output = "table";
  std::string report_file;
};

int check(const PrecheckOptions& options) {
  if (!begin_log(options.task.log)) return kUsage;
  const std::optional<task::Task> task = read_task(options.task);
  if (!task) return kUsage;
  PrecheckProgress progress;
  const task::PrecheckReport report =
      precheck::run_precheck(*task, task::SecretReader(options.task.secrets_folder),
                             [&progress](std::string_view check) { progress.begin(check); });
  std::cout << (options.output == "json" ? task::to_json(report, true) + "\n"
                                         : precheck::render_table(report))
            << std::flush;
  write_file(options.report_file, task::to_json_within(report, kReportLimit));
  return report.passed() ? kOk : kFailed;
}

}  // namespace

void add_precheck(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("precheck", "Check source and Kafka; says of each failed item how to repair it");
  const auto options = std::make_shared<PrecheckOptions>();
  add_task_options(*command, options->task);
  command->add_option("-o,--output", options->output, "how to show the result")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  command->add_option("--report-file", options->report_file, "file for the report, JSON of at most 4 KiB");
  command->callback([&chosen, options] { chosen = [options] { return check(*options); }; });
}

}  // namespace rowtide::commands
