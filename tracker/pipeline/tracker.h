#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/task/spec.h"
#include "common/task/tracker_status.h"
#include "tracker/checkpoint/checkpoint_store.h"
#include "tracker/encode/encoder.h"
#include "tracker/pipeline/counters.h"
#include "tracker/pipeline/ddl_ahead.h"
#include "tracker/pipeline/lag.h"
#include "tracker/pipeline/pipeline.h"
#include "tracker/pipeline/rate.h"
#include "tracker/schema/schema_history.h"
#include "tracker/select/table_selector.h"
#include "tracker/sink/sink.h"
#include "tracker/source/event_source.h"
#include "tracker/sql/names.h"
#include "tracker/sql/session.h"

namespace rowtide::pipeline {

/// A CamelCase word for a final or passing failure, for conditions and alerts.
[[nodiscard]] std::string reason_of(const absl::Status& status);

/// Runs one task: decides where to begin, keeps the stream open through everything that passes by itself,
/// moves the checkpoint behind what the sink has made durable, samples lag, and drains when told to stop.
///
/// run() is the pipeline's thread; beside it one thread samples the source's end and one saves checkpoints.
/// status() and counters() are for any thread.
class Tracker {
 public:
  struct Parts {
    source::EventSource& source;
    sink::Sink& sink;
    checkpoint::CheckpointStore* checkpoints = nullptr;  ///< nullptr: nothing to resume from (stdout)
    /// A new SQL session; asked again after one is lost.
    std::function<absl::StatusOr<std::unique_ptr<sql::Session>>()> connect_sql;
    /// A source beside `source`, not open yet.
    std::function<std::unique_ptr<source::EventSource>()> open_beside;
    /// spec.startPosition, looked up at the source.
    std::function<absl::StatusOr<binlog::Position>(sql::Session&)> start_position;
    /// The end of the source's binlog now.
    std::function<absl::StatusOr<BinlogPlace>(sql::Session&)> sample_end;
    /// Which server answers, as binlog::Position::server.
    std::function<absl::StatusOr<std::string>(sql::Session&)> server_of;
    /// What a sink that is transactional() writes as the checkpoint; read again from `checkpoints`.
    std::function<std::vector<sink::StateRecord>(const checkpoint::Checkpoint&,
                                                 const std::vector<checkpoint::SchemaEntry>&)>
        checkpoint_records;
    TableRegistry::TopicFor topic_for;
    std::string schema_topic;
    std::string format;
  };

  Tracker(const task::Task& task, Parts parts);

  /// Until `stop` (then OK, with everything delivered checkpointed), or until a failure that trying again
  /// cannot mend.
  [[nodiscard]] absl::Status run(const std::stop_token& stop);

  [[nodiscard]] task::TrackerStatus status() const;
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] std::optional<double> lag_seconds() const { return lag_.seconds(Lag::Clock::now()); }
  [[nodiscard]] bool is_streaming() const;
  [[nodiscard]] std::int64_t checkpoint_at_ms() const;

 private:
  enum class State { Starting, Streaming, Reconnecting, Stopping, Failed };

  [[nodiscard]] absl::Status run_until_stopped(const std::stop_token& stop);
  // tracker_schema.cpp
  [[nodiscard]] absl::Status compile_objects(bool lower_case_names);
  [[nodiscard]] absl::Status follow_case_of_names(sql::Session& session);
  [[nodiscard]] absl::Status begin_history(sql::Session& session, const binlog::Position& from);
  [[nodiscard]] absl::StatusOr<schema::CatalogSnapshot> read_catalog(sql::Session& session);
  [[nodiscard]] absl::StatusOr<bool> is_changed_ahead(const sql::TableName& name);
  [[nodiscard]] absl::Status save_schemas(std::uint64_t version);
  [[nodiscard]] std::uint64_t saved_version() const;
  /// Again and again while it fails by what may pass. CANCELLED: stop.
  [[nodiscard]] absl::Status keep_trying(const std::function<absl::Status()>& attempt,
                                         const std::stop_token& stop);
  [[nodiscard]] absl::Status open_sink(const std::stop_token& stop);
  [[nodiscard]] absl::StatusOr<binlog::Position> prepare(const std::stop_token& stop);
  [[nodiscard]] absl::StatusOr<binlog::Position> prepare_once();
  [[nodiscard]] absl::Status make_pipeline();
  [[nodiscard]] absl::Status stream(const std::stop_token& stop);
  [[nodiscard]] absl::Status stream_once(const std::stop_token& stop);
  [[nodiscard]] absl::Status reopen_source();
  [[nodiscard]] absl::Status explain_unreadable(const absl::Status& status);
  [[nodiscard]] absl::Status check_end();
  [[nodiscard]] absl::Status drain();
  void sample_source(const std::stop_token& stop);
  [[nodiscard]] absl::Status sample_end(sql::Session& session, Lag::Clock::time_point now);
  void save_checkpoints(const std::stop_token& stop);
  [[nodiscard]] absl::Status save_checkpoint();
  [[nodiscard]] absl::Status commit_checkpoint(sink::Transactional& sink, const std::stop_token& stop);
  void commit_checkpoints(sink::Transactional& sink, const std::stop_token& stop);
  void begin_checkpoints();
  void remember_saved(const binlog::Position& position, std::int64_t at_ms);
  [[nodiscard]] absl::Status roll_back(sink::Transactional& sink, const std::stop_token& stop);
  void set_state(State state, const absl::Status& status = absl::OkStatus());
  static void sleep(std::chrono::milliseconds duration, const std::stop_token& stop);

  const task::Task& task_;
  Parts parts_;
  Counters counters_;
  Lag lag_;
  Rate rate_;

  osc::HelperNames helpers_;
  std::optional<select::TableSelector> selector_;
  std::unique_ptr<schema::SchemaHistory> history_;
  std::unique_ptr<sql::Session> catalog_session_;
  std::unique_ptr<schema::Catalog> catalog_;
  std::unique_ptr<encode::Encoder> encoder_;
  std::unique_ptr<Pipeline> pipeline_;
  std::optional<DdlAhead> ahead_;  ///< the last reading; places of the server that was read last
  std::stop_token stop_;
  binlog::Position resume_from_;
  std::jthread checkpointer_;

  mutable std::mutex mutex_;  // guards what follows
  State state_ = State::Starting;
  absl::Status last_error_;
  std::string client_address_;
  std::optional<binlog::Position> saved_;
  std::optional<BinlogPlace> end_before_saved_;  ///< of the same server: its binlog was reset
  std::uint64_t saved_version_ = 0;              ///< of the tables' definitions at the saved checkpoint
  std::int64_t checkpoint_at_ms_ = 0;
};

}  // namespace rowtide::pipeline
