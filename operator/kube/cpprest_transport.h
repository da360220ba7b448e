#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "operator/kube/config.h"
#include "operator/kube/transport.h"

namespace rowtide::op::kube {

struct TransportOptions {
  std::chrono::seconds request_timeout{30};
  std::chrono::seconds token_reread{60};
  std::size_t max_line_bytes = std::size_t{8} << 20;  // etcd takes objects up to 1.5 MiB
  std::size_t max_response_bytes = std::size_t{256} << 20;
};

/// HTTP/1.1 over TLS by cpprestsdk. Requests share one client (its connections are kept alive); each stream
/// has a client and a connection of its own, because cpprestsdk's timeout belongs to the client. Blocking;
/// call from threads of your own, never from a cpprestsdk continuation.
class CpprestTransport final : public Transport {
 public:
  /// InvalidArgument if the certificates or the key cannot be read. Does not connect.
  static absl::StatusOr<std::unique_ptr<CpprestTransport>> create(const ClusterConfig& config,
                                                                  const TransportOptions& options = {});
  ~CpprestTransport() override;
  CpprestTransport(const CpprestTransport&) = delete;
  CpprestTransport& operator=(const CpprestTransport&) = delete;

  absl::StatusOr<Response> request(const Request& request) override;
  absl::Status stream(const std::string& path_and_query, const LineHandler& on_line,
                      std::chrono::milliseconds idle_timeout, std::stop_token stop) override;

 private:
  struct Impl;
  explicit CpprestTransport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowtide::op::kube
