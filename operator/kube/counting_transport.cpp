#include "operator/kube/counting_transport.h"

#include "operator/kube/errors.h"

namespace rowtide::op::kube {

absl::StatusOr<Response> CountingTransport::request(const Request& request) {
  absl::StatusOr<Response> response = transport_.request(request);
  count(request.method, response.ok() ? std::to_string(response->status) : "error");
  return response;
}

/// A watch that is open counts with its first line, not minutes later with its end.
absl::Status CountingTransport::stream(const std::string& path_and_query, const LineHandler& on_line,
                                       std::chrono::milliseconds idle_timeout, std::stop_token stop) {
  bool is_counted = false;
  const auto count_once = [&](const std::string& code) {
    if (!std::exchange(is_counted, true)) count("GET", code);
  };
  const auto counting = [&](std::string_view line) {
    count_once("200");
    return on_line(line);
  };
  absl::Status end = transport_.stream(path_and_query, counting, idle_timeout, std::move(stop));
  const std::optional<int> refused = http_status(end);
  // Without a line, silence and our own stop come after an answer all the same.
  const bool is_answered = end.ok() || absl::IsCancelled(end) || absl::IsDeadlineExceeded(end);
  count_once(refused ? std::to_string(*refused) : is_answered ? "200" : "error");
  return end;
}

RequestCounts CountingTransport::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void CountingTransport::count(const std::string& method, const std::string& code) {
  const std::lock_guard lock(mutex_);
  ++counts_[{method, code}];
}

}  // namespace rowtide::op::kube
