#include "operator/inject/webhook.h"

#include <fmt/format.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "operator/inject/admission.h"
#include "operator/kube/process_identity.h"
#include "operator/kube/request_deadline.h"

namespace rowtide::op::inject {
namespace {

using nlohmann::json;

/// A request to etcd has 1.5 MiB at most.
constexpr std::size_t kMaxReview = std::size_t{2} * 1024 * 1024;
constexpr std::chrono::seconds kReadyWithoutTrust{60};
/// Together less than the webhook's timeoutSeconds, so that an answer is in time.
constexpr std::chrono::seconds kRoomTime{2};
constexpr std::chrono::seconds kFindTime{2};

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
  ASSIGN_OR_RETURN(std::unique_ptr<CertificateKeeper> certificate,
                   CertificateKeeper::start(client, {.webhook = options.webhook,
                                                     .host = options.host,
                                                     .owner = kube::process_identity(),
                                                     .on_turn = options.on_turn}));
  std::unique_ptr<Webhook> webhook(new Webhook(std::move(certificate)));
  const auto answer = [&client, hook = webhook.get(), image = options.tracker_image](
                          const http::Request& request) { return hook->answer(request, client, image); };
  ASSIGN_OR_RETURN(webhook->server_,
                   http::Server::start(
                       options.listen, {}, {{"POST /inject", answer}},
                       {.certificate = [keeper = webhook->certificate_.get()] { return keeper->current(); },
                        .max_body_bytes = kMaxReview}));
  return webhook;
}

http::Response Webhook::answer(const http::Request& request, kube::Client& client, const std::string& image) {
  if (!room_.try_acquire_for(kRoomTime)) {
    ++counts_.failed;
    return {.status = 503, .body = "too many reviews at once\n"};
  }
  const absl::Cleanup leave = [this] { room_.release(); };
  const auto find = [&client](const kube::ObjectKey& key) { return find_task(client, key); };
  const absl::StatusOr<json> answered = admit(request.body, find, image);
  if (!answered.ok()) {
    ++counts_.failed;
    return {.status = absl::IsInvalidArgument(answered.status()) ? 400 : 503,
            .body = std::string(text(answered.status())) + "\n"};
  }
  const json& response = answered->at("response");
  if (response.at("allowed") == false) ++counts_.refused;
  if (response.contains("patch")) ++counts_.injected;
  return {.content_type = "application/json", .body = answered->dump()};
}

absl::Status Webhook::ready() const {
  const absl::Status trusted = certificate_->trusted();
  const bool is_long = std::chrono::steady_clock::now() - begun_ > kReadyWithoutTrust;
  return is_long ? absl::OkStatus() : trusted;
}

std::map<std::string, std::uint64_t> Webhook::answers() const {
  return {{"injected", counts_.injected}, {"refused", counts_.refused}, {"failed", counts_.failed}};
}

}  // namespace rowtide::op::inject
