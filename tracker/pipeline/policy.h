#pragma once

#include <stop_token>

#include "absl/status/status.h"
#include "common/task/spec.h"
#include "tracker/binlog/event.h"
#include "tracker/encode/encoder.h"
#include "tracker/pipeline/counters.h"
#include "tracker/pipeline/table_registry.h"
#include "tracker/record/record_batch.h"
#include "tracker/sink/sink.h"

namespace rowtide::pipeline {

/// What becomes of changes that cannot be delivered as they are: spec.onUnprocessable and spec.sink.kafka's
/// oversizedRecord. Counts what it leaves out. The pipeline's thread.
class Policy {
 public:
  /// Sink and counters must outlive it.
  Policy(task::Unprocessable unprocessable, task::OversizedRecord oversized, sink::Sink& sink,
         Counters& counters)
      : unprocessable_(unprocessable), oversized_(oversized), sink_(sink), counters_(counters) {}

  /// `why` the event cannot be delivered: that again, or OK where it is to be left out. What is not of the
  /// change (the server is away) is never left out.
  [[nodiscard]] absl::Status skip_or_fail(const binlog::EventView& event, std::string_view file,
                                          const absl::Status& why);

  /// Must enforce_record_size() be asked?
  [[nodiscard]] bool limits_records() const { return oversized_ != task::OversizedRecord::Stop; }
  /// The change's records are those of the batch from `first_record` on: where one is too large for where it
  /// goes, they are taken out, or the change is encoded anew with its key only. Errors as Sink::fits().
  [[nodiscard]] absl::Status enforce_record_size(const BoundTable& table, const encode::RowChange& change,
                                                 const encode::ChangeOrigin& origin, std::size_t first_record,
                                                 record::RecordBatch& batch, const std::stop_token& stop);

 private:
  task::Unprocessable unprocessable_;
  task::OversizedRecord oversized_;
  sink::Sink& sink_;
  Counters& counters_;
};

}  // namespace rowtide::pipeline
