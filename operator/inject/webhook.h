#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/http/server.h"
#include "operator/inject/certificate_keeper.h"
#include "operator/kube/client.h"

namespace rowtide::op::inject {

/// As the command line has them.
struct WebhookOptions {
  std::string listen;   ///< address; empty: no webhook
  std::string host;     ///< by which the API server calls it
  std::string webhook;  ///< the MutatingWebhookConfiguration's name
  std::string tracker_image;
  std::function<void()> on_turn = nullptr;  ///< KeeperOptions
};

/// The mutating webhook for pods: POST /inject over TLS. It works as long as it lives.
class Webhook {
 public:
  /// The client must outlive it. InvalidArgument and Unavailable name the option.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Webhook>> start(kube::Client& client,
                                                                      const WebhookOptions& options);

  /// OK: the API server trusts its certificate; or has not been brought to that for a minute, since an
  /// operator without this works for all other tasks. Else what keeps it from that.
  [[nodiscard]] absl::Status ready() const;
  /// The same without the minute.
  [[nodiscard]] bool is_trusted() const { return certificate_->trusted().ok(); }
  /// CertificateKeeper::why_untrusted.
  [[nodiscard]] std::optional<std::string> why_untrusted() const { return certificate_->why_untrusted(); }
  /// Pods that asked for a tracker: "injected", "refused", "failed".
  [[nodiscard]] std::map<std::string, std::uint64_t> answers() const;
  [[nodiscard]] int port() const { return server_->port(); }

 private:
  struct Counts {
    std::atomic<std::uint64_t> injected{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> failed{0};
  };
  explicit Webhook(std::unique_ptr<CertificateKeeper> certificate) : certificate_(std::move(certificate)) {}
  [[nodiscard]] http::Response answer(const http::Request& request, kube::Client& client,
                                      const std::string& image);

  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::counting_semaphore<> room_{2};  // as values a review takes many times its text
  Counts counts_;
  std::unique_ptr<CertificateKeeper> certificate_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace rowtide::op::inject
