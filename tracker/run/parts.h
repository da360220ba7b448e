#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/binlog/binlog_coordinates.h"
#include "tracker/binlog/position.h"
#include "tracker/checkpoint/checkpoint_store.h"
#include "tracker/pipeline/table_registry.h"
#include "tracker/sink/sink.h"
#include "tracker/source/event_source.h"
#include "tracker/source/start_position.h"
#include "tracker/sql/session.h"

namespace rowtide::run {

/// What a task is run with; all of it behind interfaces. Must outlive who is given it.
struct Parts {
  source::EventSource& source;
  sink::Sink& sink;
  checkpoint::CheckpointStore* checkpoints = nullptr;  ///< nullptr: nothing to resume from (stdout)
  /// A new SQL session; asked again after one is lost.
  std::function<absl::StatusOr<std::unique_ptr<sql::Session>>()> connect_sql;
  /// What must be done before the first connection, once: the source's address is looked up and this network
  /// let in, where the task says so. No other part that reaches the source is used before. CANCELLED:
  /// stopped.
  std::function<absl::Status(const std::stop_token&)> open_way_in = [](const std::stop_token&) {
    return absl::OkStatus();
  };
  /// Lets this network in again, beside what was let in; from any thread.
  std::function<absl::Status(const std::stop_token&)> let_in = [](const std::stop_token&) {
    return absl::OkStatus();
  };
  /// How the source compares names, before anything of an opened stream is written to the sink. Its error
  /// ends the run as the source's own.
  std::function<absl::Status(bool lower_case_names)> follow_names = [](bool) { return absl::OkStatus(); };
  /// A source beside `source`, not open yet.
  std::function<std::unique_ptr<source::EventSource>()> open_beside;
  /// spec.startPosition, looked up at the source.
  std::function<absl::StatusOr<binlog::Position>(sql::Session&)> start_position;
  /// The end of the source's binlog now.
  std::function<absl::StatusOr<binlog::BinlogCoordinates>(sql::Session&)> sample_end;
  /// The source's binlog files, oldest first.
  std::function<absl::StatusOr<std::vector<source::BinlogFile>>(sql::Session&)> binlog_files;
  /// How long the source keeps its binlog, as ServerInfo::retention_seconds.
  std::function<absl::StatusOr<std::optional<std::uint64_t>>(sql::Session&)> retention_seconds;
  /// Which server answers, as binlog::Position::server.
  std::function<absl::StatusOr<std::string>(sql::Session&)> server_of;
  /// What a sink that is transactional() writes as the checkpoint; read again from `checkpoints`.
  std::function<std::vector<sink::StateRecord>(const checkpoint::Checkpoint&,
                                               const std::vector<checkpoint::SchemaEntry>&,
                                               const std::vector<std::string>& topics)>
      checkpoint_records;
  pipeline::TableRegistry::TopicFor topic_for;
  std::string schema_topic;
  std::string format;
};

}  // namespace rowtide::run
