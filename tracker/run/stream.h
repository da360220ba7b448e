#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "absl/status/statusor.h"
#include "common/task/spec.h"
#include "tracker/encode/encoder.h"
#include "tracker/pipeline/counters.h"
#include "tracker/pipeline/pipeline.h"
#include "tracker/run/start.h"
#include "tracker/schema/catalog.h"

namespace rowtide::run {

/// One connection to the source, and the pipeline that its events go through: from a position until something
/// fails. The runner's thread.
class Stream {
 public:
  /// All must outlive the stream. It brings objects and history of `start` up to how the source compares
  /// names now.
  Stream(const task::Task& task, const Parts& parts, Start& start, pipeline::Counters& counters,
         const std::stop_token& stop)
      : task_(task), parts_(parts), start_(start), counters_(counters), stop_(stop) {}
  ~Stream() { parts_.source.close(); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Opens the source at start.from. Errors as EventSource's.
  [[nodiscard]] absl::Status open();

  /// Until stop is requested (OK), or something fails. `when_idle` is asked while nothing comes, about once a
  /// second; its failure ends the reading.
  [[nodiscard]] absl::Status read(const std::function<absl::Status()>& when_idle);

  /// Where the last event ends; nullopt inside a transaction.
  [[nodiscard]] std::optional<binlog::BinlogCoordinates> place() const {
    if (pipeline_ == nullptr || pipeline_->in_transaction() || pipeline_->is_reading_again())
      return std::nullopt;
    return pipeline_->place();
  }

  /// All before it went to the sink: where to go on.
  [[nodiscard]] const binlog::Position& position() const {
    return pipeline_ ? pipeline_->position() : start_.from;
  }

 private:
  [[nodiscard]] absl::Status follow_case_of_names();
  [[nodiscard]] absl::Status make_pipeline();
  [[nodiscard]] absl::StatusOr<bool> is_changed_ahead(const sql::TableName& name);
  [[nodiscard]] absl::Status reopen_source();

  const task::Task& task_;
  const Parts& parts_;
  Start& start_;
  pipeline::Counters& counters_;
  const std::stop_token& stop_;
  std::unique_ptr<sql::Session> session_;
  std::unique_ptr<schema::Catalog> catalog_;
  std::unique_ptr<encode::Encoder> encoder_;
  std::unique_ptr<pipeline::Pipeline> pipeline_;
};

}  // namespace rowtide::run
