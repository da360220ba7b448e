#include "tracker/run/runner.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "common/task/server_id.h"
#include "common/time/clock.h"
#include "common/time/sleep.h"
#include "common/version.h"
#include "tracker/run/retry.h"
#include "tracker/run/stream.h"

namespace rowtide::run {
namespace {

constexpr std::chrono::seconds kDrainDeadline{20};

}  // namespace

Runner::Runner(const task::Task& task, Parts parts)
    : task_(task),
      parts_(std::move(parts)),
      sampler_(
          parts_, [this] { return checkpointer_.saved(); }, [this] { return counters_.total_rows(); }),
      verifier_(parts_.connect_sql, parts_.let_in),
      checkpointer_(parts_, [this](const binlog::Position& position) {
        sampler_.lag().delivered({position.file, position.offset});
      }) {
  parts_.connect_sql = [this, connect = std::move(parts_.connect_sql)] {
    auto session = connect();
    verifier_.note(session.status());
    return session;
  };
}

absl::Status Runner::run(const std::stop_token& stop) {
  // A blocked read must end when we are told to stop.
  const std::stop_callback interrupt(stop, [this] { parts_.source.interrupt(); });
  absl::Status status = run_until_stopped(stop);
  if (absl::IsCancelled(status)) status = absl::OkStatus();
  if (status.ok()) {
    set_state(State::Stopping);
  } else {
    set_state(State::Failed, status);
  }
  return status;
}

absl::Status Runner::run_until_stopped(const std::stop_token& stop) {
  // What is wrong with the objects shows before anything is reached.
  if (const auto objects = compile_objects(task_.spec, false); !objects.ok()) return objects.status();
  RETURN_IF_ERROR(open_sink(stop));
  RETURN_IF_ERROR(open_way_in(stop));
  // From the first connection on: a tracker that waits to be let in looks again whether it is.
  std::jthread verifying([this](const std::stop_token& token) { verifier_.run(token); });
  RETURN_IF_ERROR(prepare(std::nullopt, stop));
  spdlog::info("Starting at {}", binlog::to_string(start_->from));
  RETURN_IF_ERROR(keep_trying([&] { return save_start(stop); }, stop));
  return stream_and_drain(verifying, stop);
}

absl::Status Runner::stream_and_drain(std::jthread& verifying, const std::stop_token& stop) {
  std::jthread sampling([this](const std::stop_token& token) { sampler_.run(token); });
  checkpointer_.start();
  const absl::Status status = stream(stop);
  checkpointer_.stop();
  // Both may be in the middle of a connection: what was read is delivered before they are waited for.
  sampling.request_stop();
  verifying.request_stop();
  const absl::Status drained = drain();
  return status.ok() || absl::IsCancelled(status) ? drained : status;
}

void Runner::wait_to_retry(const absl::Status& why, Backoff& backoff, const std::stop_token& stop) {
  const std::chrono::milliseconds wait = backoff.next();
  set_state(State::Reconnecting, why);
  spdlog::warn("{}; trying again in {} ms", text(why), wait.count());
  sleep_for(wait, stop);
}

absl::Status Runner::keep_trying(const std::function<absl::Status()>& attempt, const std::stop_token& stop) {
  Backoff backoff = retry_backoff();
  while (!stop.stop_requested()) {
    absl::Status status = attempt();
    if (status.ok() || !is_retryable(status)) return status;
    wait_to_retry(status, backoff, stop);
  }
  return absl::CancelledError("stopped");
}

absl::Status Runner::open_sink(const std::stop_token& stop) {
  return keep_trying(
      [this] {
        absl::Status status = parts_.sink.open();
        if (status.ok() || !is_retryable(status)) return status;
        return failure(status.code(), sink::kSinkUnavailable, text(status));
      },
      stop);
}

/// Where the address is given, this network may be let in already.
absl::Status Runner::open_way_in(const std::stop_token& stop) {
  const bool is_address_given = !task_.spec.source.host.empty();
  return keep_trying(
      [&] {
        way_in_ = parts_.open_way_in(stop);
        if (!is_address_given || !absl::IsUnavailable(way_in_)) return way_in_;
        spdlog::warn("Going on without whitelist: {}", text(way_in_));
        return absl::OkStatus();
      },
      stop);
}

absl::Status Runner::prepare(const std::optional<binlog::Position>& committed, const std::stop_token& stop) {
  return keep_trying(
      [&] {
        absl::StatusOr<Start> start = find_start(task_, parts_, committed, stop);
        if (!start.ok() && absl::IsUnavailable(way_in_)) way_in_ = parts_.let_in(stop);
        RETURN_IF_ERROR(start.status());
        start_ = *std::move(start);
        if (!start_->remark.empty()) {
          const std::lock_guard lock(mutex_);
          start_remark_ = start_->remark;
        }
        checkpointer_.begin(*start_->history, start_->from.schema_version);
        return absl::OkStatus();
      },
      stop);
}

/// The position we begin at is itself a checkpoint: without it, a restart before the first change would look
/// for "Latest" again and lose what was committed in between.
absl::Status Runner::save_start(const std::stop_token& stop) {
  sink::Transactional* sink = parts_.sink.transactional();
  const bool has_failed_before = sink != nullptr && !sink->at_transaction_boundary();
  if (has_failed_before) {
    RETURN_IF_ERROR(sink->roll_back());
    // Another tracker may have been at work meanwhile: what it committed must not be committed over.
    RETURN_IF_ERROR(prepare(start_->from, stop));
  }
  parts_.sink.end_transaction(start_->from, 0);
  return checkpointer_.save(stop);
}

absl::Status Runner::stream(const std::stop_token& stop) {
  Backoff backoff = retry_backoff();
  while (!stop.stop_requested()) {
    const std::uint64_t before = counters_.read_bytes;
    const absl::Status status = stream_once(stop);
    if (stop.stop_requested()) break;
    RETURN_IF_ERROR(checkpointer_.failure());
    if (!is_retryable(status)) return status;
    if (counters_.read_bytes != before) backoff.reset();
    wait_to_retry(status, backoff, stop);
    {
      const std::lock_guard lock(mutex_);
      ++reconnects_[condition_reason(status)];
    }
    if (sink::Transactional* sink = parts_.sink.transactional();
        sink != nullptr && !sink->at_transaction_boundary()) {
      if (absl::Status rolled_back = roll_back(*sink, stop); !rolled_back.ok()) return rolled_back;
    }
  }
  return absl::CancelledError("stopped");
}

absl::Status Runner::stream_once(const std::stop_token& stop) {
  absl::Status status;
  {
    Stream stream(task_, parts_, *start_, counters_, stop);
    status = stream.open();
    verifier_.note(status);
    if (!status.ok()) return status;
    {
      const std::lock_guard lock(mutex_);
      client_address_ = parts_.source.info().client_address;
    }
    const bool is_same_server = start_->from.server == parts_.source.info().server;
    sampler_.follow(is_same_server
                        ? std::optional<binlog::BinlogCoordinates>({start_->from.file, start_->from.offset})
                        : std::nullopt);
    set_state(State::Streaming);
    spdlog::info("Streaming from {} {}", parts_.source.info().is_mariadb ? "MariaDB" : "MySQL",
                 parts_.source.info().version);
    status = stream.read([this, &stream] { return when_idle(stream); });
    start_->from = stream.position();
  }
  return reason_of(status) == "BinlogUnreadable" ? explain_unreadable(status) : status;
}

/// A server whose binlog was reset under an open stream says only that it cannot read on.
absl::Status Runner::explain_unreadable(const absl::Status& status) {
  const absl::Status again = parts_.source.open(start_->from);
  parts_.source.close();
  return again.ok() ? status : again;
}

/// What was read and has nothing to deliver is done, too: on another server than before, or after a start by
/// GTIDs, the place of the last delivery says nothing of that.
absl::Status Runner::when_idle(const Stream& stream) {
  RETURN_IF_ERROR(checkpointer_.failure());
  std::optional<binlog::BinlogCoordinates> place = stream.place();
  if (place) place->offset = std::max(place->offset, parts_.source.idle_offset());
  if (place && parts_.sink.durable() == stream.position()) sampler_.lag().delivered(*place);
  return check_end();
}

/// MySQL goes on waiting for the end of a file that is no more, until the new one of its name is as long. To
/// open the stream anew shows what has happened.
absl::Status Runner::check_end() {
  const std::optional<binlog::BinlogCoordinates> end = sampler_.take_end_before_saved();
  if (!end) return absl::OkStatus();
  return failure(absl::StatusCode::kUnavailable, "SourceBehind",
                 fmt::format("the source's binlog ends at {}:{}, which is before what was read of it",
                             end->file, end->offset));
}

/// After a failure inside a transaction: what of it is in the sink would come twice. As after a restart, the
/// checkpoint says where to go on, and with which definitions; where it was lost, it is written again before
/// anything else is.
absl::Status Runner::roll_back(sink::Transactional& sink, const std::stop_token& stop) {
  checkpointer_.stop();
  const auto go_back = [&]() -> absl::Status {
    RETURN_IF_ERROR(sink.roll_back());
    RETURN_IF_ERROR(prepare(parts_.sink.durable(), stop));
    return save_start(stop);
  };
  RETURN_IF_ERROR(keep_trying(go_back, stop));
  spdlog::info("Going on from the last commit, {}", binlog::to_string(start_->from));
  checkpointer_.start();
  return absl::OkStatus();
}

absl::Status Runner::drain() {
  set_state(State::Stopping);
  if (absl::Status status = parts_.sink.flush(kDrainDeadline); !status.ok()) {
    spdlog::warn("{}; what is not delivered comes again after the restart", text(status));
  }
  // Of a transaction that was not read to its end nothing can be committed: it comes again as a whole.
  sink::Transactional* sink = parts_.sink.transactional();
  if (sink != nullptr && !sink->at_transaction_boundary()) return parts_.sink.error();
  // Nobody is left to end a wait for brokers that are away.
  std::stop_source ended;
  ended.request_stop();
  return checkpointer_.save(ended.get_token());
}

void Runner::set_state(State state, const absl::Status& status) {
  const std::lock_guard lock(mutex_);
  state_ = state;
  last_error_ = status;
}

/// A stream whose rows are not delivered is none to those who wait for them.
Runner::Health Runner::health() const {
  Health health;
  {
    const std::lock_guard lock(mutex_);
    health = {state_, last_error_};
  }
  if (health.state != State::Streaming) return health;
  absl::Status trouble = parts_.sink.trouble();
  return trouble.ok() ? health : Health{State::Reconnecting, std::move(trouble)};
}

bool Runner::is_streaming() const {
  return health().state == State::Streaming;
}

bool Runner::is_source_connected() const {
  const std::lock_guard lock(mutex_);
  if (state_ == State::Streaming) return true;
  return state_ == State::Reconnecting && reason_of(last_error_) == sink::kSinkUnavailable;
}

std::optional<double> Runner::purge_headroom_seconds() const {
  const std::optional<std::uint64_t> retention = sampler_.retention_seconds();
  if (!retention || *retention == 0) return std::nullopt;
  const auto kept = static_cast<double>(*retention);
  if (sampler_.behind_bytes().value_or(0) == 0) {
    // What is being written is not purged; what was written since nobody could look may be.
    constexpr double kRecent = 30;
    const double unseen = sampler_.lag().age_of_sample(Lag::Clock::now()).value_or(0);
    return unseen < kRecent ? kept : std::max(kept - unseen, 0.0);
  }
  const std::int64_t now = now_ms() / 1000;
  return std::max(kept - static_cast<double>(now - counters_.last_event_timestamp), 0.0);
}

std::map<std::string, std::uint64_t> Runner::reconnects() const {
  const std::lock_guard lock(mutex_);
  return reconnects_;
}

task::TrackerStatus Runner::status() const {
  task::TrackerStatus status;
  status.version = std::string(kVersion);
  status.task = task_.task_namespace + "/" + task_.name;
  status.task_uid = task_.uid;
  status.document_hash = task_.document_hash;
  status.server_id = task::effective_server_id(task_);
  status.lag_seconds = lag_seconds();
  status.rows_per_second = sampler_.rate().per_second();
  status.rows_total = counters_.total_rows();
  status.transactions_total = counters_.transactions;
  status.topics = parts_.sink.topics(0);
  if (const std::optional<binlog::Position> durable = parts_.sink.durable()) {
    status.gtid_set = binlog::to_string(durable->gtids);
    status.file = durable->file;
    status.offset = durable->offset;
  }
  status.checkpoint_at_ms = checkpoint_at_ms();
  const SourceAccess access = verifier_.access();
  status.source_verified_at_ms = access.at_ms;
  status.source_reason = condition_reason(access.status);
  status.source_message = std::string(access.status.message());

  const Health health = this->health();
  status.reason = condition_reason(health.why);
  status.message = std::string(health.why.message());
  switch (health.state) {
    case State::Starting:
      status.state = "Starting";
      break;
    case State::Streaming:
      status.state = "Streaming";
      break;
    case State::Reconnecting:
      status.state = "Reconnecting";
      break;
    case State::Stopping:
      status.state = "Stopping";
      break;
    case State::Failed:
      status.state = "Failed";
      break;
  }
  const std::lock_guard lock(mutex_);
  status.client_address = client_address_;
  status.start_remark = start_remark_;
  return status;
}

}  // namespace rowtide::run
