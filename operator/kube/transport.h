#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rowtide::op::kube {

struct Request {
  std::string method;          // GET, POST, PATCH, DELETE
  std::string path_and_query;  // begins with '/', already percent-encoded
  std::string content_type;    // empty: no body
  std::string body;
};

struct Response {
  int status = 0;  // HTTP status
  std::string body;
  std::optional<std::chrono::seconds> retry_after;  // from the Retry-After header
};

/// Takes one line without its '\n'; false ends the stream. The view lives until the call returns.
using LineHandler = std::function<bool(std::string_view)>;

/// HTTP to one API server. Thread-safe. An HTTP answer of any status is a Response; a Status that is not OK
/// means that no whole answer came.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Unavailable: connection, TLS or timeout; the message names the server. DeadlineExceeded: the thread's
  /// RequestDeadline has passed.
  virtual absl::StatusOr<Response> request(const Request& request) = 0;

  /// GET `path_and_query`, then calls `on_line` on the calling thread for each line of the body until
  ///   OK                the server ended the body, or on_line returned false
  ///   Cancelled         `stop` was requested (within about a second, also while nothing arrives)
  ///   DeadlineExceeded  no byte came for `idle_timeout`
  ///   Unavailable       the connection failed, also midway
  ///   ResourceExhausted a line longer than the transport's limit
  ///   status_from_response() of an answer that is not 200 (errors.h), so 410 is OutOfRange.
  virtual absl::Status stream(const std::string& path_and_query, const LineHandler& on_line,
                              std::chrono::milliseconds idle_timeout, std::stop_token stop) = 0;
};

}  // namespace rowtide::op::kube
