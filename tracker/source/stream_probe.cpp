#include "tracker/source/stream_probe.h"

#include <fmt/format.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/binlog/event.h"
#include "tracker/source/event_source.h"
#include "tracker/source/timestamp_position.h"

namespace rowtide::source {
namespace {

absl::Status read_beginning(EventSource& source, const binlog::Position& from) {
  RETURN_IF_ERROR(source.open(from));
  while (true) {
    ASSIGN_OR_RETURN(const Bytes event, source.next());
    if (event.size() < binlog::kEventHeaderSize) continue;
    if (binlog::parse_event_header(event).type == binlog::EventType::FormatDescription)
      return absl::OkStatus();
  }
}

}  // namespace

absl::Status probe_stream(const task::Task& task, const task::SecretReader& secrets,
                          const binlog::Position& from, std::chrono::milliseconds time) {
  // Another server id than that with which the task itself looks beside its stream.
  task::Task other = task;
  other.uid = task.identity() + "/probe";
  const std::unique_ptr<EventSource> source = search_source(other, secrets)();
  std::mutex mutex;
  std::condition_variable_any ended;
  bool is_late = false;
  std::jthread watch([&](const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    ended.wait_for(lock, stop, time, [] { return false; });
    is_late = !stop.stop_requested();
    if (is_late) source->interrupt();
  });
  absl::Status status = read_beginning(*source, from);
  watch.request_stop();
  watch.join();
  if (status.ok() || !is_late) return status;  // what was cut short says so in many ways
  return failure(absl::StatusCode::kDeadlineExceeded, "Timeout",
                 fmt::format("{}:{} did not begin to send its binlog within {} ms", task.spec.source.host,
                             task.spec.source.port, time.count()));
}

}  // namespace rowtide::source
