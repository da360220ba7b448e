#include "tracker/readers/session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "tracker/run/retry.h"
#include "tracker/run/tracked_objects.h"

namespace rowtide::readers {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kLinesWait{500};
constexpr milliseconds kSaveTime{5000};
constexpr milliseconds kLookTime{5};

absl::Status not_saved(const absl::Status& why) {
  return failure(
      why.code(), "CheckpointNotSaved",
      fmt::format("acknowledged, but not saved yet: {}; what follows may come again after a restart, "
                  "so acknowledge again then",
                  text(why)));
}

task::Task with_start(task::Task task, const ReaderRequest& request) {
  if (request.start) task.spec.start_position = *request.start;
  return task;
}

}  // namespace

/// A stream that was lost inside a transaction is not gone on with: the reader would get its lines twice, and
/// could not tell. Connecting again it begins before the transaction.
class Session::WholeTransactions final : public source::EventSource {
 public:
  WholeTransactions(std::unique_ptr<source::EventSource> source, const LineSink& sink)
      : source_(std::move(source)), sink_(sink) {}

  absl::Status open(const binlog::Position& from) override {
    if (sink_.is_inside_transaction()) {
      return failure(
          absl::StatusCode::kAborted, "LostInTransaction",
          "the source was lost inside a transaction of which lines were given; forget what came after the "
          "last commit line and connect again");
    }
    return source_->open(from);
  }
  absl::StatusOr<Bytes> next() override { return source_->next(); }
  void interrupt() override { source_->interrupt(); }
  void close() override { source_->close(); }
  const source::SourceInfo& info() const override { return source_->info(); }

 private:
  std::unique_ptr<source::EventSource> source_;
  const LineSink& sink_;
};

namespace {

/// Where a reader that keeps its place begins.
class GivenPlace final : public checkpoint::CheckpointStore {
 public:
  explicit GivenPlace(checkpoint::Checkpoint begin) : begin_(std::move(begin)) {}

  absl::StatusOr<std::optional<checkpoint::Checkpoint>> load() override { return begin_; }
  absl::Status save(const checkpoint::Checkpoint& /*checkpoint*/) override { return absl::OkStatus(); }
  absl::StatusOr<std::vector<checkpoint::SchemaEntry>> load_schemas() override {
    return std::vector<checkpoint::SchemaEntry>();
  }
  absl::Status save_schemas(const std::vector<checkpoint::SchemaEntry>& /*entries*/) override {
    return absl::OkStatus();
  }

 private:
  const checkpoint::Checkpoint begin_;
};

/// nullptr: of a reader that has no place yet and of whom none is kept.
std::unique_ptr<checkpoint::CheckpointStore> given_place(const task::Task& task,
                                                         const ReaderRequest& request) {
  if (!request.position) return nullptr;
  checkpoint::Checkpoint begin{.position = request.position->position, .reset_nonce = task.spec.reset_nonce};
  begin.position.schema_version = 0;  // of definitions that are not kept for who keeps its place
  return std::make_unique<GivenPlace>(std::move(begin));
}

}  // namespace

Session::Session(task::Task task, const PipelineParts& parts, ReaderRequest request, LineOptions lines,
                 std::unique_ptr<checkpoint::CheckpointStore> checkpoints)
    : task_(with_start(std::move(task), request)),
      request_(std::move(request)),
      sink_(std::move(lines)),
      checkpoints_(checkpoints != nullptr ? std::move(checkpoints) : given_place(task_, request_)),
      source_(std::make_unique<WholeTransactions>(parts.make_source(task_), sink_)),
      runner_(task_, with_names(parts.make_parts(task_, *source_, sink_, checkpoints_.get()))) {
  thread_ = std::jthread([this] {
    const absl::Status status = runner_.run(stop_.get_token());
    if (!status.ok()) spdlog::error("Reader \"{}\": {}", request_.name, text(status));
    end(status);
    {
      const std::lock_guard lock(mutex_);
      is_at_rest_ = true;
    }
    ended_change_.notify_all();
  });
}

/// What the reader asks for means the tables that spec.objects would mean by it.
run::Parts Session::with_names(run::Parts parts) {
  parts.follow_names = [this](bool lower_case_names) -> absl::Status {
    sink_.set_lower_case_names(lower_case_names);
    ASSIGN_OR_RETURN(const run::TrackedObjects objects, run::compile_objects(task_.spec, lower_case_names));
    return request_.filter.check_selected(objects.selector);
  };
  return parts;
}

Session::~Session() {
  stop_.request_stop();
}

void Session::end(const absl::Status& why) {
  stop_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    if (is_ended_) return;
    is_ended_ = true;
    why_ended_ = why;
  }
  ended_change_.notify_all();
}

bool Session::wait_ended(milliseconds deadline) {
  std::unique_lock lock(mutex_);
  return ended_change_.wait_for(lock, deadline, [this] { return is_at_rest_; });
}

bool Session::is_ended() const {
  const std::lock_guard lock(mutex_);
  return is_ended_;
}

absl::Status Session::wait_streaming(milliseconds deadline) {
  const auto until = Clock::now() + deadline;
  while (!runner_.is_streaming()) {
    {
      std::unique_lock lock(mutex_);
      if (ended_change_.wait_for(lock, kLookTime, [this] { return is_ended_; })) {
        return why_ended_.ok() ? absl::UnavailableError("the tracker is stopping") : why_ended_;
      }
    }
    if (Clock::now() < until) continue;
    const task::TrackerStatus status = runner_.status();
    // It reads what lies between its place and now, to know the tables there: that may take long.
    if (status.reason.empty()) return absl::OkStatus();
    return failure(
        absl::StatusCode::kUnavailable, status.reason,
        fmt::format("not streaming after {} s, trying on: {}", deadline.count() / 1000, status.message));
  }
  return absl::OkStatus();
}

/// Before all else: whose connection breaks before the first commit line goes on from there.
void Session::say_place(std::string& lines) {
  if (is_place_said_) return;
  const task::TrackerStatus status = runner_.status();
  lines += sink_.first_heartbeat(status.state, status.reason, status.lag_seconds);
  is_place_said_ = !lines.empty();
}

bool Session::next(std::string& lines) {
  say_place(lines);
  if (lines.empty()) {
    const std::string taken = sink_.take(kLinesWait);
    if (!taken.empty()) say_place(lines);  // it has become known
    lines += taken;
  }
  const auto now = Clock::now();
  if (!lines.empty()) {
    last_line_ = now;
    return true;
  }
  const std::lock_guard lock(mutex_);
  if (is_ended_) {
    if (!why_ended_.ok())
      lines += sink_.error_line(run::condition_reason(why_ended_), std::string(text(why_ended_)));
    return false;
  }
  if (now - last_line_ >= request_.heartbeat) {
    const task::TrackerStatus status = runner_.status();
    lines += sink_.heartbeat(status.state, status.reason, status.lag_seconds);
    last_line_ = now;
  }
  return true;
}

absl::Status Session::acknowledge(const PositionToken& token) {
  RETURN_IF_ERROR(sink_.acknowledge(token));
  absl::Status status = wait_saved();
  sink_.release();
  return status;
}

absl::Status Session::wait_saved() {
  const auto until = Clock::now() + kSaveTime;
  const std::uint64_t failures = runner_.checkpoint_failures();
  runner_.save_soon();
  while (runner_.saved() != sink_.durable()) {
    if (runner_.checkpoint_failures() != failures) return not_saved(runner_.last_checkpoint_failure());
    if (wait_ended(kLookTime)) {  // nobody else saves any more
      const std::lock_guard saving(saving_);
      if (absl::Status status = runner_.save_after_run(); !status.ok()) return not_saved(status);
      continue;
    }
    if (Clock::now() >= until) {
      return not_saved(
          absl::UnavailableError(fmt::format("the disk has not answered in {} s", kSaveTime.count() / 1000)));
    }
  }
  return absl::OkStatus();
}

task::ReaderStatus Session::status() const {
  const task::TrackerStatus tracker = runner_.status();
  const sink::SinkCounters counters = sink_.counters();
  return {.state = tracker.state,
          .reason = tracker.reason,
          .message = tracker.message,
          .server_id = tracker.server_id,
          .gtid_set = tracker.gtid_set,
          .file = tracker.file,
          .offset = tracker.offset,
          .lag_seconds = tracker.lag_seconds,
          .changes_total = counters.records,
          .bytes_total = counters.bytes,
          .commits_given = sink_.given(),
          .commits_acknowledged = sink_.acknowledged()};
}

}  // namespace rowtide::readers
