#include "tracker/commands/run_readers.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <filesystem>
#include <memory>

#include "common/http/server.h"
#include "common/status/try.h"
#include "common/time/sleep.h"
#include "tracker/checkpoint/file_checkpoint_store.h"
#include "tracker/commands/run_parts.h"
#include "tracker/readers/readers.h"
#include "tracker/run/tracked_objects.h"
#include "tracker/serve/endpoints.h"

namespace rowtide::commands {
namespace {

absl::Status check_folder(const std::string& folder) {
  std::error_code error;
  if (folder.empty() || std::filesystem::is_directory(folder, error)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("--state {}: not a folder that can be read; make it, for this account", folder));
}

}  // namespace

absl::Status run_readers(const task::Task& task, const task::SecretReader& secrets, const std::string& listen,
                         const std::string& state, const std::stop_token& stop) {
  RETURN_IF_ERROR(check_folder(state));
  RETURN_IF_ERROR(run::compile_objects(task.spec, false).status());
  readers::Readers readers(
      {.task = task,
       .pipeline = {.make_source = [&secrets](task::Task& each) { return make_source(each, secrets); },
                    .make_parts =
                        [&secrets](task::Task& each, source::EventSource& source, sink::Sink& sink,
                                   checkpoint::CheckpointStore* checkpoints) {
                          return make_parts(each, secrets, source, sink, checkpoints);
                        }},
       .state = state,
       .make_store = checkpoint::make_file_checkpoint_store});
  const auto statuses = [&readers] { return readers.statuses(); };
  ASSIGN_OR_RETURN(const std::unique_ptr<http::Server> server,
                   http::Server::start(listen, serve::reader_endpoints(task, statuses), readers.requests()));
  spdlog::info("Changes are at http://HOST:{}/changes", server->port());
  while (!stop.stop_requested()) sleep_for(std::chrono::hours(1), stop);
  readers.stop();
  return absl::OkStatus();
}

}  // namespace rowtide::commands
