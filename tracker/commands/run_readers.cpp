#include "tracker/commands/run_readers.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <thread>

#include "common/http/server.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "common/time/sleep.h"
#include "tracker/checkpoint/file_checkpoint_store.h"
#include "tracker/commands/objects_warning.h"
#include "tracker/commands/run_parts.h"
#include "tracker/commands/state_lock.h"
#include "tracker/readers/readers.h"
#include "tracker/run/tracked_objects.h"
#include "tracker/serve/endpoints.h"

namespace rowtide::commands {

absl::Status run_readers(const task::Task& task, const task::SecretReader& secrets,
                         const ReaderPlaces& places, const std::stop_token& stop) {
  std::unique_ptr<StateLock> lock;
  if (!places.state.empty()) {
    ASSIGN_OR_RETURN(lock, StateLock::open(places.state));
    // A rollout starts the next one before the one before has ended: the changes do not wait for that.
    if (const absl::Status held = lock->hold(); !held.ok()) spdlog::warn("{}", text(held));
  }
  RETURN_IF_ERROR(run::compile_objects(task.spec, false).status());
  readers::Readers readers(
      {.task = task,
       .pipeline = {.make_source = [&secrets](task::Task& each) { return make_source(each, secrets); },
                    .make_parts =
                        [&secrets](task::Task& each, source::EventSource& source, sink::Sink& sink,
                                   checkpoint::CheckpointStore* checkpoints) {
                          return make_parts(each, secrets, source, sink, checkpoints);
                        }},
       .state = places.state,
       .hold_state = [&lock] { return lock->hold(); },
       .make_store = checkpoint::make_file_checkpoint_store});
  const auto statuses = [&readers] { return readers.statuses(); };
  std::unique_ptr<http::Server> status_server;
  if (!places.status_listen.empty()) {
    ASSIGN_OR_RETURN(status_server,
                     http::Server::start(places.status_listen, serve::reader_endpoints(task, statuses)));
  }
  // The last: who is told that it is ready finds all of it.
  ASSIGN_OR_RETURN(
      const std::unique_ptr<http::Server> server,
      http::Server::start(places.listen, serve::reader_endpoints(task, statuses), readers.requests()));
  std::jthread warning;
  if (!places.is_prechecked) {
    warning = std::jthread([&](const std::stop_token& ended) {
      warn_of_objects(
          task, secrets, [&readers] { return readers.is_streaming(); }, ended);
    });
  }
  spdlog::info("Changes are at http://HOST:{}/changes", server->port());
  while (!stop.stop_requested()) sleep_for(std::chrono::hours(1), stop);
  readers.stop();
  return absl::OkStatus();
}

}  // namespace rowtide::commands
