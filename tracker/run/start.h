#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "absl/status/statusor.h"
#include "common/task/spec.h"
#include "tracker/binlog/position.h"
#include "tracker/run/ddl_ahead.h"
#include "tracker/run/parts.h"
#include "tracker/run/tracked_objects.h"
#include "tracker/schema/schema_history.h"

namespace rowtide::run {

/// Where a task begins or goes on, and with which definitions of its tables.
struct Start {
  binlog::Position from;
  TrackedObjects objects;
  std::unique_ptr<schema::SchemaHistory> history;
  /// What was read of the DDL between there and now, if it was.
  std::optional<DdlAhead> ahead;
  /// What of it people should know; "" for nothing.
  std::string remark = {};
};

/// The checkpoint, with the definitions of then. Where there is none, or one before `committed`, which this
/// process has made durable itself: that, because the checkpoint was lost under it, or a copy brought back.
/// Else spec.startPosition, with what can be known there. Asks the source and the checkpoints. Errors as
/// event_source.h's and checkpoint_store.h's; CANCELLED: stop.
[[nodiscard]] absl::StatusOr<Start> find_start(const task::Task& task, const Parts& parts,
                                               const std::optional<binlog::Position>& committed,
                                               const std::stop_token& stop);

}  // namespace rowtide::run
