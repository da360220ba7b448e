#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "common/task/reader_status.h"
#include "tracker/readers/line_sink.h"
#include "tracker/readers/reader_request.h"
#include "tracker/run/parts.h"
#include "tracker/run/runner.h"

namespace rowtide::readers {

/// How a task is run for one reader: the concrete parts. `task`, source, sink and checkpoints outlive the
/// result.
struct PipelineParts {
  std::function<std::unique_ptr<source::EventSource>(task::Task&)> make_source;
  std::function<run::Parts(task::Task&, source::EventSource&, sink::Sink&, checkpoint::CheckpointStore*)>
      make_parts;
};

/// One connection of a reader: the task's pipeline, from the reader's place to its lines. Nobody who reads
/// slowly holds back another. Thread-safe but for next(), which is the connection's.
class Session {
 public:
  /// Begins at once. `checkpoints`: of a reader whose place is kept here; nullptr: of one that keeps it.
  Session(task::Task task, const PipelineParts& parts, ReaderRequest request, LineOptions lines,
          std::unique_ptr<checkpoint::CheckpointStore> checkpoints);
  ~Session();  ///< ends it

  /// Until it streams (OK), has failed, or so long: then OK where nothing is wrong, else why it does not
  /// stream yet, UNAVAILABLE.
  [[nodiscard]] absl::Status wait_streaming(std::chrono::milliseconds deadline);

  /// For http::Response::next: lines, heartbeats, and at the end why it ended.
  [[nodiscard]] bool next(std::string& lines);
  /// OK: saved. FAILED_PRECONDITION as LineSink::acknowledge(); UNAVAILABLE: not saved, try again.
  [[nodiscard]] absl::Status acknowledge(const PositionToken& token);
  /// Its response ends with that error, and nothing is read any more.
  void end(const absl::Status& why);
  /// Until all is at rest after end(): its checkpoint is saved no more. False: it is not yet.
  [[nodiscard]] bool wait_ended(std::chrono::milliseconds deadline);
  [[nodiscard]] bool is_ended() const;
  [[nodiscard]] bool is_streaming() const { return runner_.is_streaming(); }

  /// Without name and isConnected.
  [[nodiscard]] task::ReaderStatus status() const;

 private:
  class WholeTransactions;

  [[nodiscard]] run::Parts with_names(run::Parts parts);
  void say_place(std::string& lines);
  [[nodiscard]] absl::Status wait_saved();

  task::Task task_;
  const ReaderRequest request_;
  LineSink sink_;
  const std::unique_ptr<checkpoint::CheckpointStore> checkpoints_;
  std::unique_ptr<WholeTransactions> source_;
  run::Runner runner_;
  bool is_place_said_ = false;
  std::chrono::steady_clock::time_point last_line_ = std::chrono::steady_clock::now();

  std::stop_source stop_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable ended_change_;
  bool is_ended_ = false;
  bool is_at_rest_ = false;
  std::mutex saving_;  // before mutex_
  absl::Status why_ended_;

  std::jthread thread_;  // last: it uses the rest
};

}  // namespace rowtide::readers
