#include "tracker/pipeline/tracker.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <thread>
#include <utility>

#include "common/status/text.h"
#include "common/task/server_id.h"
#include "common/version.h"
#include "tracker/schema/historic_catalog.h"
#include "tracker/source/failure.h"
#include "tracker/sql/names.h"

namespace rowtide::pipeline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSampleInterval{1000};
constexpr milliseconds kCheckpointInterval{500};
constexpr milliseconds kFirstBackoff{500};
constexpr milliseconds kLongestBackoff{30'000};
constexpr milliseconds kDrainDeadline{20'000};

std::int64_t now_ms() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Faults that pass: the source is away, or refuses us until somebody mends the account, its Secret or a
/// whitelist.
bool may_pass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status) ||
         absl::IsDeadlineExceeded(status);
}

}  // namespace

std::string reason_of(const absl::Status& status) {
  // The source tells more exactly what it met: UnknownHost, HostNotPrivileged, SecretMissing, ...
  if (std::string reason(source::reason_of(status)); !reason.empty()) return reason;
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return "";
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return "SourceUnavailable";
    case absl::StatusCode::kUnauthenticated:
      return "AccessDenied";
    case absl::StatusCode::kPermissionDenied:
      return "PermissionDenied";
    case absl::StatusCode::kOutOfRange:
      return "BinlogPositionLost";
    case absl::StatusCode::kAborted:
      return "Fenced";
    case absl::StatusCode::kFailedPrecondition:
      return "SourceUnsuitable";
    case absl::StatusCode::kUnimplemented:
      return "NotSupported";
    case absl::StatusCode::kDataLoss:
      return "BinlogDamaged";
    case absl::StatusCode::kResourceExhausted:
      return "RecordTooLarge";
    case absl::StatusCode::kNotFound:
      return "NotFound";
    case absl::StatusCode::kInvalidArgument:
      return "InvalidTask";
    default:
      return "Failed";
  }
}

Tracker::Tracker(const task::Task& task, Parts parts) : task_(task), parts_(std::move(parts)) {}

absl::Status Tracker::run(const std::stop_token& stop) {
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

absl::Status Tracker::run_until_stopped(const std::stop_token& stop) {
  stop_ = stop;
  // What is wrong with them shows before anything is reached; the source says how names are compared.
  if (absl::Status status = compile_objects(false); !status.ok()) return status;
  if (absl::Status status = open_sink(stop); !status.ok()) return status;
  absl::StatusOr<binlog::Position> from = prepare(stop);
  if (!from.ok()) return from.status();
  resume_from_ = *std::move(from);
  spdlog::info("Starting at {}", binlog::to_string(resume_from_));

  // The position we begin at is itself a checkpoint: without it, a restart before the first change would look
  // for "Latest" again and lose what was committed in between.
  parts_.sink.end_transaction(resume_from_);
  if (absl::Status status = keep_trying([this] { return save_checkpoint(); }, stop); !status.ok()) {
    return status;
  }

  absl::Status status;
  {
    const std::jthread sampler([this](const std::stop_token& token) { sample_source(token); });
    begin_checkpoints();
    status = stream(stop);
    checkpointer_ = {};
    parts_.source.close();
  }
  const absl::Status drained = drain();
  return status.ok() || absl::IsCancelled(status) ? drained : status;
}

absl::Status Tracker::keep_trying(const std::function<absl::Status()>& attempt, const std::stop_token& stop) {
  for (milliseconds backoff = kFirstBackoff; !stop.stop_requested();
       backoff = std::min(backoff * 2, kLongestBackoff)) {
    absl::Status status = attempt();
    if (status.ok() || !may_pass(status)) return status;
    set_state(State::Reconnecting, status);
    spdlog::warn("{}; trying again in {} ms", text(status), backoff.count());
    sleep(backoff, stop);
  }
  return absl::CancelledError("stopped");
}

absl::Status Tracker::open_sink(const std::stop_token& stop) {
  return keep_trying(
      [this] {
        absl::Status status = parts_.sink.open();
        if (status.ok() || !may_pass(status)) return status;
        return source::failure(status.code(), "SinkUnavailable", text(status));
      },
      stop);
}

absl::StatusOr<binlog::Position> Tracker::prepare(const std::stop_token& stop) {
  absl::StatusOr<binlog::Position> position;
  const absl::Status status = keep_trying(
      [&] {
        position = prepare_once();
        return position.status();
      },
      stop);
  if (!status.ok()) return status;
  return position;
}

absl::Status Tracker::make_pipeline() {
  absl::StatusOr<std::unique_ptr<sql::Session>> session = parts_.connect_sql();
  if (!session.ok()) return session.status();
  catalog_session_ = *std::move(session);
  if (absl::Status status = follow_case_of_names(*catalog_session_); !status.ok()) return status;
  catalog_ = std::make_unique<schema::HistoricCatalog>(
      *catalog_session_, *history_, [this](const sql::TableName& name) { return is_changed_ahead(name); });
  absl::StatusOr<std::unique_ptr<encode::Encoder>> encoder = encode::make_encoder(
      parts_.format, {.source_name = task_.qualified_name(),
                      .connector = parts_.source.info().is_mariadb ? "mariadb" : "mysql",
                      .schema_topic = parts_.schema_topic,
                      .source_version = parts_.source.info().version,
                      .debezium = task_.spec.sink.kafka ? task_.spec.sink.kafka->debezium
                                                        : task_.spec.sink.stdout_sink->debezium,
                      .topic_for = parts_.topic_for});
  if (!encoder.ok()) return encoder.status();
  encoder_ = *std::move(encoder);
  pipeline_ = std::make_unique<Pipeline>(
      Pipeline::Parts{.selector = *selector_,
                      .catalog = *catalog_,
                      .history = history_.get(),
                      .helpers = helpers_,
                      .encoder = *encoder_,
                      .sink = parts_.sink,
                      .counters = counters_,
                      .topic_for = parts_.topic_for,
                      .wants_rows = task_.spec.data_types.data_updates,
                      .wants_schema_changes = task_.spec.data_types.schema_updates,
                      .images = task_.spec.row_images == task::RowImages::Full ? binlog::Images::Full
                                                                               : binlog::Images::AsLogged,
                      .unprocessable = task_.spec.on_unprocessable,
                      .oversized = task_.spec.sink.kafka ? task_.spec.sink.kafka->oversized_record
                                                         : task::OversizedRecord::Stop,
                      .server = parts_.source.info().server});
  pipeline_->start(resume_from_);
  return absl::OkStatus();
}

absl::Status Tracker::stream(const std::stop_token& stop) {
  milliseconds backoff = kFirstBackoff;
  while (!stop.stop_requested()) {
    const std::uint64_t before = counters_.read_bytes;
    const absl::Status status = stream_once(stop);
    if (stop.stop_requested()) break;
    if (!may_pass(status)) return status;
    if (counters_.read_bytes != before) backoff = kFirstBackoff;
    set_state(State::Reconnecting, status);
    spdlog::warn("{}; trying again in {} ms", text(status), backoff.count());
    sleep(backoff, stop);
    backoff = std::min(backoff * 2, kLongestBackoff);
    add(counters_.reconnects, 1);
    if (sink::Transactional* sink = parts_.sink.transactional(); sink != nullptr && !sink->is_whole()) {
      if (absl::Status rolled_back = roll_back(*sink, stop); !rolled_back.ok()) return rolled_back;
    }
  }
  return absl::CancelledError("stopped");
}

absl::Status Tracker::stream_once(const std::stop_token& stop) {
  if (absl::Status status = parts_.source.open(resume_from_); !status.ok()) return status;
  if (absl::Status status = make_pipeline(); !status.ok()) return status;
  {
    const std::lock_guard lock(mutex_);
    client_address_ = parts_.source.info().client_address;
  }
  lag_.reset();
  lag_.delivered({resume_from_.file, resume_from_.offset});
  set_state(State::Streaming);
  spdlog::info("Streaming from {} {}", parts_.source.info().is_mariadb ? "MariaDB" : "MySQL",
               parts_.source.info().version);

  absl::Status status;
  while (status.ok() && !stop.stop_requested()) {
    const absl::StatusOr<Bytes> event = parts_.source.next();
    if (!event.ok()) {
      status = event.status();
    } else if (event->empty()) {
      status = parts_.sink.error();
      if (status.ok()) status = check_end();
    } else {
      status = pipeline_->on_event(*event, stop);
      if (status.ok() && pipeline_->reopen_at() != nullptr) status = reopen_source();
    }
  }
  resume_from_ = pipeline_->position();
  parts_.source.close();
  return source::reason_of(status) == "BinlogUnreadable" ? explain_unreadable(status) : status;
}

/// A server whose binlog was reset under an open stream says only that it cannot read on.
absl::Status Tracker::explain_unreadable(const absl::Status& status) {
  const absl::Status again = parts_.source.open(resume_from_);
  parts_.source.close();
  return again.ok() ? status : again;
}

/// MySQL goes on waiting for the end of a file that is no more, until the new one of its name is as long. To
/// open the stream anew shows what has happened.
absl::Status Tracker::check_end() {
  const std::lock_guard lock(mutex_);
  if (!end_before_saved_) return absl::OkStatus();
  const BinlogPlace end = *std::exchange(end_before_saved_, std::nullopt);
  return source::failure(absl::StatusCode::kUnavailable, "SourceBehind",
                         fmt::format("the source's binlog ends at {}:{}, which is before what was read of it",
                                     end.file, end.offset));
}

/// Rows that were not held stand further back, or have come and the stream goes on.
absl::Status Tracker::reopen_source() {
  parts_.source.close();
  if (absl::Status status = parts_.source.open(*pipeline_->reopen_at()); !status.ok()) {
    return {status.code(),
            fmt::format("reading the rows of a committed transaction again: {}", text(status))};
  }
  pipeline_->reopened();
  return absl::OkStatus();
}

absl::Status Tracker::drain() {
  set_state(State::Stopping);
  if (absl::Status status = parts_.sink.flush(kDrainDeadline); !status.ok()) {
    spdlog::warn("{}; what is not delivered comes again after the restart", text(status));
  }
  // Of a transaction that was not read to its end nothing can be committed: it comes again as a whole.
  sink::Transactional* sink = parts_.sink.transactional();
  if (sink != nullptr && !sink->is_whole()) return parts_.sink.error();
  return save_checkpoint();
}

void Tracker::sample_source(const std::stop_token& stop) {
  std::unique_ptr<sql::Session> session;
  while (!stop.stop_requested()) {
    if (session == nullptr) {
      if (auto connected = parts_.connect_sql(); connected.ok()) session = *std::move(connected);
    }
    const auto now = Lag::Clock::now();
    if (session != nullptr) {
      if (!sample_end(*session, now).ok()) session.reset();
    }
    rate_.sample(counters_.total_rows(), now);
    sleep(kSampleInterval, stop);
  }
}

absl::Status Tracker::sample_end(sql::Session& session, Lag::Clock::time_point now) {
  std::optional<binlog::Position> saved;
  {
    const std::lock_guard lock(mutex_);
    saved = saved_;
  }
  absl::StatusOr<BinlogPlace> end = parts_.sample_end(session);
  if (!end.ok()) return end.status();
  if (saved && !saved->server.empty() && *end < BinlogPlace{saved->file, saved->offset}) {
    const absl::StatusOr<std::string> server = parts_.server_of(session);
    if (!server.ok()) return server.status();
    const std::lock_guard lock(mutex_);
    if (*server == saved->server) end_before_saved_ = *end;
  }
  lag_.sample(*std::move(end), now);
  return absl::OkStatus();
}

void Tracker::begin_checkpoints() {
  checkpointer_ = std::jthread([this](const std::stop_token& token) {
    if (sink::Transactional* sink = parts_.sink.transactional(); sink != nullptr) {
      commit_checkpoints(*sink, token);
    } else {
      save_checkpoints(token);
    }
  });
}

void Tracker::save_checkpoints(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    sleep(kCheckpointInterval, stop);
    if (absl::Status status = save_checkpoint(); !status.ok()) {
      spdlog::warn("The checkpoint was not saved: {}", text(status));
    }
  }
}

/// What fails here is the sink's failure too: the reading thread meets it and deals with it.
void Tracker::commit_checkpoints(sink::Transactional& sink, const std::stop_token& stop) {
  while (sink.wait_until_due(stop).ok()) {
    if (!commit_checkpoint(sink, stop).ok()) sleep(kCheckpointInterval, stop);
  }
}

absl::Status Tracker::commit_checkpoint(sink::Transactional& sink, const std::stop_token& stop) {
  const std::int64_t now = now_ms();
  std::vector<schema::SavedSchema> unsaved;
  const auto state = [&](const binlog::Position& position) {
    unsaved = history_->unsaved(saved_version());
    std::vector<checkpoint::SchemaEntry> entries;
    for (const schema::SavedSchema& each : unsaved) entries.push_back({each.key, each.value});
    return parts_.checkpoint_records({.position = position, .saved_at_ms = now}, entries);
  };
  const absl::StatusOr<std::optional<binlog::Position>> committed = sink.commit(state, stop);
  if (!committed.ok()) return committed.status();
  if (!committed->has_value()) return absl::OkStatus();
  history_->mark_saved(unsaved);
  lag_.delivered({(*committed)->file, (*committed)->offset});
  remember_saved(**committed, now);
  return absl::OkStatus();
}

/// After a failure inside a transaction: what of it is in the sink would come twice. As after a restart, the
/// checkpoint says where to go on, and with which definitions.
absl::Status Tracker::roll_back(sink::Transactional& sink, const std::stop_token& stop) {
  checkpointer_ = {};
  if (absl::Status status = keep_trying([&sink] { return sink.roll_back(); }, stop); !status.ok()) {
    return status;
  }
  absl::StatusOr<binlog::Position> from = prepare(stop);
  if (!from.ok()) return from.status();
  resume_from_ = *std::move(from);
  spdlog::info("Going on from the last commit, {}", binlog::to_string(resume_from_));
  begin_checkpoints();
  return absl::OkStatus();
}

absl::Status Tracker::save_checkpoint() {
  if (sink::Transactional* sink = parts_.sink.transactional(); sink != nullptr) {
    return commit_checkpoint(*sink, {});
  }
  const std::optional<binlog::Position> durable = parts_.sink.durable();
  if (!durable) return absl::OkStatus();
  lag_.delivered({durable->file, durable->offset});
  {
    const std::lock_guard lock(mutex_);
    if (saved_ == durable) return absl::OkStatus();
  }
  const std::int64_t now = now_ms();
  if (parts_.checkpoints != nullptr) {
    if (absl::Status status = save_schemas(saved_version()); !status.ok()) return status;
    if (absl::Status status = parts_.checkpoints->save({.position = *durable, .saved_at_ms = now});
        !status.ok()) {
      return status;
    }
  }
  remember_saved(*durable, now);
  return absl::OkStatus();
}

void Tracker::remember_saved(const binlog::Position& position, std::int64_t at_ms) {
  const std::lock_guard lock(mutex_);
  saved_ = position;
  saved_version_ = position.schema_version;
  checkpoint_at_ms_ = at_ms;
}

void Tracker::set_state(State state, const absl::Status& status) {
  const std::lock_guard lock(mutex_);
  state_ = state;
  last_error_ = status;
}

bool Tracker::is_streaming() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::Streaming;
}

std::int64_t Tracker::checkpoint_at_ms() const {
  const std::lock_guard lock(mutex_);
  return checkpoint_at_ms_;
}

task::TrackerStatus Tracker::status() const {
  task::TrackerStatus status;
  status.version = std::string(kVersion);
  status.task = task_.task_namespace + "/" + task_.name;
  status.task_uid = task_.uid;
  status.server_id = task::effective_server_id(task_);
  status.lag_seconds = lag_seconds();
  status.rows_per_second = rate_.per_second();
  status.rows_total = counters_.total_rows();
  status.transactions_total = counters_.transactions;
  status.topics = parts_.sink.topics();
  const std::optional<binlog::Position> durable = parts_.sink.durable();
  if (durable) {
    status.gtid_set = binlog::to_string(durable->gtids);
    status.file = durable->file;
    status.offset = durable->offset;
  }

  const std::lock_guard lock(mutex_);
  status.client_address = client_address_;
  status.checkpoint_at_ms = checkpoint_at_ms_;
  status.reason = reason_of(last_error_);
  status.message = std::string(last_error_.message());
  switch (state_) {
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
  return status;
}

void Tracker::sleep(milliseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace rowtide::pipeline
