#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "operator/kube/transport.h"

namespace rowtide::op::kube {

/// Answers in the order it was told to, and writes down what it was asked. For faults that a real API server
/// shows only by chance or after minutes: a history compacted in the middle of a stream, a connection that
/// goes silent, 429.
class ScriptedTransport final : public Transport {
 public:
  /// What one watch does. After `lines` it ends with `end`; `silent`: nothing comes any more, so that it ends
  /// by idle timeout or stop.
  struct Stream {
    std::vector<std::string> lines = {};
    absl::Status end = absl::OkStatus();
    bool silent = false;
    std::chrono::milliseconds stays_open{0};
  };

  void answer(Response response);
  void answer(absl::Status failure);
  void on_stream(Stream stream);

  std::vector<Request> requests() const;
  std::vector<std::string> streams() const;  // paths and queries

  /// With nothing left to answer: 503.
  absl::StatusOr<Response> request(const Request& request) override;
  /// With nothing left to do: silent.
  absl::Status stream(const std::string& path_and_query, const LineHandler& on_line,
                      std::chrono::milliseconds idle_timeout, std::stop_token stop) override;

 private:
  mutable std::mutex mutex_;
  std::deque<absl::StatusOr<Response>> answers_;
  std::deque<Stream> scripts_;
  std::vector<Request> requests_;
  std::vector<std::string> streams_;
};

/// True as soon as the condition is; false after 20 s.
bool eventually(const std::function<bool()>& condition);

}  // namespace rowtide::op::kube
