#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "operator/kube/transport.h"

namespace rowtide::op::kube {

/// By method and code: "200"…, or "error" where no answer came.
using RequestCounts = std::map<std::pair<std::string, std::string>, std::uint64_t>;

/// Another transport, whose requests it counts, those of watches too. Thread-safe; the other must outlive it.
class CountingTransport final : public Transport {
 public:
  explicit CountingTransport(Transport& transport) : transport_(transport) {}

  absl::StatusOr<Response> request(const Request& request) override;
  absl::Status stream(const std::string& path_and_query, const LineHandler& on_line,
                      std::chrono::milliseconds idle_timeout, std::stop_token stop) override;

  /// For rest_client_requests_total{method,code}.
  [[nodiscard]] RequestCounts counts() const;

 private:
  void count(const std::string& method, const std::string& code);

  Transport& transport_;
  mutable std::mutex mutex_;
  RequestCounts counts_;
};

}  // namespace rowtide::op::kube
