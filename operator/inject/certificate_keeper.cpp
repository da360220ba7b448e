#include "operator/inject/certificate_keeper.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "common/time/clock.h"
#include "common/time/sleep.h"
#include "operator/kube/json_access.h"

namespace rowtide::op::inject {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookUntilTrusted{1'000};

std::int64_t now_seconds() {
  return rowtide::now_ms() / 1000;
}

std::string decoded(const std::string& base64) {
  std::string text;
  return absl::Base64Unescape(base64, &text) ? text : "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<CertificateKeeper>> CertificateKeeper::start(kube::Client& client,
                                                                            KeeperOptions options) {
  ASSIGN_OR_RETURN(SelfSigned first,
                   make_certificate(options.host, options.owner, now_seconds(), options.valid_for.count()));
  return std::unique_ptr<CertificateKeeper>(
      new CertificateKeeper(client, std::move(options), std::move(first)));
}

CertificateKeeper::CertificateKeeper(kube::Client& client, KeeperOptions options, SelfSigned first)
    : client_(client),
      options_(std::move(options)),
      current_(std::move(first)),
      trusted_(absl::UnavailableError("the webhook's certificate has not been told to the API server yet")),
      said_(trusted_),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

http::KeyPair CertificateKeeper::current() const {
  const std::lock_guard lock(mutex_);
  return current_.pair;
}

absl::Status CertificateKeeper::trusted() const {
  const std::lock_guard lock(mutex_);
  return trusted_;
}

std::optional<std::string> CertificateKeeper::why_untrusted() const {
  const std::lock_guard lock(mutex_);
  return has_asked_ && !trusted_.ok() ? std::optional(std::string(text(trusted_))) : std::nullopt;
}

void CertificateKeeper::run(const std::stop_token& stop) {
  std::chrono::milliseconds pause = kLookUntilTrusted;
  while (!stop.stop_requested()) {
    rotate();
    const Publication told = publish();
    const bool is_told = told.status.ok() && told.holds_all;
    const std::optional<std::string> before = why_untrusted();
    {
      const std::lock_guard lock(mutex_);
      if (is_told && next_ && !next_told_at_) next_told_at_ = Clock::now();
      note_trust(told);
      has_asked_ = true;
    }
    if (options_.on_turn && why_untrusted() != before) options_.on_turn();
    const bool has_failed = !told.status.ok() && !absl::IsAborted(told.status);
    pause = std::min(has_failed ? pause * 2 : kLookUntilTrusted, options_.look_every);
    sleep_for(is_told ? options_.look_every : pause, stop);
  }
}

void CertificateKeeper::note_trust(const Publication& told) {
  absl::Status now = trusted_;
  if (told.holds_current) {
    now = absl::OkStatus();
  } else if (told.was_read || !trusted_.ok()) {
    // An API server that is away has not forgotten it; of a write that met another's the next look tells.
    if (!told.status.ok() && !absl::IsAborted(told.status)) {
      now = told.status;
    } else if (trusted_.ok()) {
      now = absl::UnavailableError(fmt::format(
          "something took the webhook's certificate out of MutatingWebhookConfiguration {}; it is written again",
          options_.webhook));
    }
  }
  if (now.ok() && current_.expires <= now_seconds()) {
    now = absl::UnavailableError(
        fmt::format("the webhook's certificate has expired, and another could not be told: {}",
                    told.status.ok() ? "it was not there long enough" : text(told.status)));
  }
  const absl::Status& said = now.ok() ? told.status : now;
  if (!said.ok() && !absl::IsAborted(said) && said != said_) {
    spdlog::warn("{}{}", text(said), now.ok() ? "" : "; pods that ask for a tracker get none");
  }
  said_ = said;
  trusted_ = std::move(now);
}

void CertificateKeeper::rotate() {
  const std::lock_guard lock(mutex_);
  if (next_ && next_told_at_ && Clock::now() - *next_told_at_ >= options_.spread) {
    current_ = *std::exchange(next_, std::nullopt);
    next_told_at_.reset();
    spdlog::info("The webhook shows a new certificate");
  }
  if (next_ || current_.expires - now_seconds() > options_.valid_for.count() / 3) return;
  absl::StatusOr<SelfSigned> made =
      make_certificate(options_.host, options_.owner, now_seconds(), options_.valid_for.count());
  if (made.ok()) {
    next_ = *std::move(made);
  } else {
    spdlog::error("{}", text(made.status()));
  }
}

CertificateKeeper::Publication CertificateKeeper::publish() {
  const kube::ObjectKey key{.name_space = "", .name = options_.webhook};
  const absl::StatusOr<json> live = client_.get(kube::kMutatingWebhookConfiguration, key);
  if (!live.ok()) return {.was_read = absl::IsNotFound(live.status()), .status = live.status()};
  std::vector<std::string> own;
  {
    const std::lock_guard lock(mutex_);
    own.push_back(current_.pair.certificate_pem);
    if (next_) own.push_back(next_->pair.certificate_pem);
  }
  json webhooks = kube::value_at(*live, "/webhooks");
  if (!webhooks.is_array() || webhooks.empty()) {
    return {.was_read = true,
            .status = absl::FailedPreconditionError(
                fmt::format("MutatingWebhookConfiguration {} has no webhooks: install it as the chart has it",
                            options_.webhook))};
  }
  Publication found{.was_read = true, .holds_current = true, .holds_all = true};
  for (json& webhook : webhooks) {
    const std::string before = decoded(kube::text_at(webhook, "/clientConfig/caBundle"));
    const std::string bundle = merged_bundle(before, own, options_.owner, now_seconds());
    if (before.find(own.front()) == std::string::npos) found.holds_current = false;
    if (bundle == before) continue;
    found.holds_all = false;
    webhook["clientConfig"]["caBundle"] = absl::Base64Escape(bundle);
  }
  if (found.holds_all) return found;
  found.status = client_
                     .patch(kube::kMutatingWebhookConfiguration, key, {{"webhooks", std::move(webhooks)}},
                            kube::text_at(*live, "/metadata/resourceVersion"))
                     .status();
  return found;
}

}  // namespace rowtide::op::inject
