#pragma once

#include <memory>
#include <string>

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
};

/// The mutating webhook for pods: POST /inject over TLS. It works as long as it lives.
class Webhook {
 public:
  /// The client must outlive it. InvalidArgument and Unavailable name the option.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Webhook>> start(kube::Client& client,
                                                                      const WebhookOptions& options);

  /// OK: the API server trusts its certificate. Else what keeps it from that.
  [[nodiscard]] absl::Status ready() const { return certificate_->trusted(); }
  [[nodiscard]] int port() const { return server_->port(); }

 private:
  Webhook(std::unique_ptr<CertificateKeeper> certificate, std::unique_ptr<http::Server> server)
      : certificate_(std::move(certificate)), server_(std::move(server)) {}

  std::unique_ptr<CertificateKeeper> certificate_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace rowtide::op::inject
