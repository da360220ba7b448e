#include "operator/kube/errors.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "common/bytes/utf8.h"
#include "operator/kube/json_access.h"

namespace rowtide::op::kube {
namespace {

constexpr const char* kHttpStatusPayload = "rowtide.dev/http-status";
constexpr const char* kRetryAfterPayload = "rowtide.dev/retry-after-seconds";
constexpr std::size_t kMaxMessage = 1024;

absl::StatusCode code_of(int http, std::string_view reason) {
  switch (http) {
    case 400:
    case 422:
      return absl::StatusCode::kInvalidArgument;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 409:
      return reason == "AlreadyExists" ? absl::StatusCode::kAlreadyExists : absl::StatusCode::kAborted;
    case 410:
      return absl::StatusCode::kOutOfRange;
    case 429:
      return absl::StatusCode::kUnavailable;
    default:
      return http >= 500 && http < 600 ? absl::StatusCode::kUnavailable : absl::StatusCode::kInternal;
  }
}

/// A right that is missing, by the words of the server's authorizers and of
/// OwnerReferencesPermissionEnforcement. Quota and admission refuse with 403 as well, and no right would help
/// there.
bool is_missing_right(std::string_view message) {
  if (message.find("cannot set blockOwnerDeletion") != std::string_view::npos) return true;
  const std::size_t user = message.find("User \"");
  if (user == std::string_view::npos) return false;
  const std::size_t cannot = message.find("\" cannot ", user);
  return cannot != std::string_view::npos &&
         (message.find(" resource \"", cannot) != std::string_view::npos ||
          message.find(" path \"", cannot) != std::string_view::npos);
}

std::string_view advice(int http, std::string_view message) {
  if (http == 401) return "; check the service account token or the kubeconfig's credentials";
  if (http == 403 && is_missing_right(message)) return "; grant it in the operator's ClusterRole or Role";
  return {};
}

std::optional<int> int_payload(const absl::Status& status, const char* name) {
  const auto payload = status.GetPayload(name);
  int value = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &value)) return std::nullopt;
  return value;
}

}  // namespace

absl::Status status_from_code(int code, std::string_view reason, std::string_view message,
                              std::string_view what) {
  if (code >= 200 && code < 300) return absl::OkStatus();
  if (message.empty()) message = "the server gave no message";
  absl::Status status(code_of(code, reason),
                      fmt::format("{}: {} (HTTP {}{}{}){}", what, cut(message, kMaxMessage), code,
                                  reason.empty() ? "" : " ", reason, advice(code, message)));
  status.SetPayload(kHttpStatusPayload, absl::Cord(std::to_string(code)));
  return status;
}

absl::Status status_from_response(const Response& response, std::string_view what) {
  if (response.status >= 200 && response.status < 300) return absl::OkStatus();
  const auto body = nlohmann::json::parse(response.body, nullptr, false);
  const bool is_status = body.is_object() && string_at(body, {"kind"}) == "Status";
  absl::Status status = is_status ? status_from_code(response.status, string_at(body, {"reason"}),
                                                     string_at(body, {"message"}), what)
                                  : status_from_code(response.status, {}, response.body, what);
  if (response.retry_after) {
    status.SetPayload(kRetryAfterPayload, absl::Cord(std::to_string(response.retry_after->count())));
  }
  return status;
}

std::optional<int> http_status(const absl::Status& status) {
  return int_payload(status, kHttpStatusPayload);
}

std::optional<std::chrono::seconds> retry_after(const absl::Status& status) {
  const auto seconds = int_payload(status, kRetryAfterPayload);
  if (!seconds) return std::nullopt;
  return std::chrono::seconds(*seconds);
}

bool is_server_error(const absl::Status& status) {
  const int code = http_status(status).value_or(0);
  return code >= 500 && code < 600 && code != 503 && code != 504;
}

bool is_refused(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsPermissionDenied(status) ||
         absl::IsFailedPrecondition(status);
}

bool is_retryable(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsAborted(status) ||
         absl::IsUnauthenticated(status);
}

}  // namespace rowtide::op::kube
