#include "operator/inject/webhook.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "common/status/text.h"
#include "common/status/try.h"
#include "operator/inject/admission.h"
#include "operator/kube/process_identity.h"
#include "operator/kube/request_deadline.h"

namespace rowtide::op::inject {
namespace {

using nlohmann::json;

/// An object of etcd has 1.5 MiB at most, as JSON and with what is said around it more.
constexpr std::size_t kMaxReview = std::size_t{4} * 1024 * 1024;
/// Less than the webhook's timeoutSeconds, so that an answer is in time.
constexpr std::chrono::seconds kFindTime{3};

/// From the server itself, whose word of a task that was made just now is the newest. By the verb list, which
/// the operator has.
absl::StatusOr<json> find_task(kube::Client& client, const kube::ObjectKey& key) {
  const kube::RequestDeadline deadline(std::chrono::steady_clock::now() + kFindTime);
  RETURN_IF_ERROR(kube::object_path(kube::kChangeTrackingTask, key).status());
  ASSIGN_OR_RETURN(kube::ObjectList found,
                   client.list(kube::kChangeTrackingTask, {.name_space = key.name_space,
                                                           .label_selector = {},
                                                           .field_selector = "metadata.name=" + key.name}));
  if (found.items.empty())
    return absl::NotFoundError(fmt::format("no ChangeTrackingTask {}", to_string(key)));
  return std::move(found.items.front());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Webhook>> Webhook::start(kube::Client& client, const WebhookOptions& options) {
  ASSIGN_OR_RETURN(
      std::unique_ptr<CertificateKeeper> certificate,
      CertificateKeeper::start(
          client, {.webhook = options.webhook, .host = options.host, .owner = kube::process_identity()}));
  const auto answer = [&client, image = options.tracker_image](const http::Request& request) {
    const auto find = [&client](const kube::ObjectKey& key) { return find_task(client, key); };
    const absl::StatusOr<json> answered = admit(request.body, find, image);
    if (!answered.ok())
      return http::Response{.status = 400, .body = std::string(text(answered.status())) + "\n"};
    return http::Response{.content_type = "application/json", .body = answered->dump()};
  };
  ASSIGN_OR_RETURN(
      std::unique_ptr<http::Server> server,
      http::Server::start(options.listen, {}, {{"POST /inject", answer}},
                          {.certificate = [keeper = certificate.get()] { return keeper->current(); },
                           .max_body_bytes = kMaxReview}));
  return std::unique_ptr<Webhook>(new Webhook(std::move(certificate), std::move(server)));
}

}  // namespace rowtide::op::inject
