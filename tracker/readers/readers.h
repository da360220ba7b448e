#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/http/server.h"
#include "common/task/reader_status.h"
#include "tracker/readers/session.h"

namespace rowtide::readers {

/// What the readers of a task are made with. Must outlive them.
struct ReadersParts {
  const task::Task& task;  ///< with spec.sink.stream
  PipelineParts pipeline;
  std::filesystem::path state;  ///< folder for the places of named readers; empty: there are none
  /// Asked before a place there is used, by one thread at a time; its error is the reader's.
  std::function<absl::Status()> hold_state;
  std::function<std::unique_ptr<checkpoint::CheckpointStore>(const std::filesystem::path&, const task::Task&)>
      make_store;
};

/// All who read the task's changes here. A name has one connection: a newer one takes over. Thread-safe.
class Readers {
 public:
  explicit Readers(ReadersParts parts);
  ~Readers();

  /// GET /changes, POST /ack, DELETE /readers (docs/stream.md).
  [[nodiscard]] std::map<std::string, http::RequestHandler> requests();
  /// Those that are connected, and those whose place is kept.
  [[nodiscard]] std::vector<task::ReaderStatus> statuses();
  /// Whether one is given what the source says.
  [[nodiscard]] bool is_streaming();
  /// Ends all connections; none begin any more.
  void stop();

 private:
  struct Connection;

  [[nodiscard]] http::Response changes(const http::Request& request);
  [[nodiscard]] http::Response acknowledge(const http::Request& request);
  [[nodiscard]] http::Response forget(const http::Request& request);
  [[nodiscard]] absl::StatusOr<std::shared_ptr<Connection>> connect(ReaderRequest request);
  [[nodiscard]] absl::StatusOr<std::size_t> free_slot();
  [[nodiscard]] absl::Status release(const std::shared_ptr<Connection>& connection, const absl::Status& why);
  [[nodiscard]] std::filesystem::path place_of(const std::string& name) const;
  [[nodiscard]] std::shared_ptr<Connection> newest(const std::string& name);
  void release_left(const std::stop_token& stop);

  ReadersParts parts_;
  std::timed_mutex connecting_;                     // one at a time; before mutex_
  std::mutex mutex_;                                // guards what follows
  std::vector<std::shared_ptr<Connection>> slots_;  ///< by their part of the server id
  std::uint64_t connections_ = 0;
  bool is_stopping_ = false;
  std::jthread releasing_;  // last: it uses the rest
};

}  // namespace rowtide::readers
