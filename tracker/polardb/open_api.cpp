#include "tracker/polardb/open_api.h"

#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <fmt/format.h>
#include <httplib.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "common/time/sleep.h"
#include "tracker/polardb/api_message.h"

namespace rowtide::polardb {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{500};
constexpr milliseconds kOneCall{8'000};
constexpr milliseconds kConnect{4'000};
constexpr int kServerError = 500;
constexpr const char* kSecretField = "spec.source.polardb.openApiSecretRef";

std::string nonce() {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

milliseconds left_of(const Patience& patience) {
  return std::chrono::ceil<milliseconds>(patience.deadline - std::chrono::steady_clock::now());
}

bool is_busy(const std::string& code, int status) {
  return status >= kServerError || code.starts_with("Throttling") || code.starts_with("ServiceUnavailable") ||
         code == "InternalError" || code == "OperationDenied.DBClusterStatus" ||
         code == "ConcurrentTaskExceeded";
}

/// "Forbidden.RAM" -> "OpenApiForbiddenRAM": a word for programs.
std::string reason_word(const std::string& code) {
  std::string word = "OpenApi";
  for (const char c : code) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) word += c;
  }
  return word;
}

std::string repair_for(const std::string& code) {
  if (code.starts_with("InvalidAccessKeyId") || code.starts_with("SignatureDoesNotMatch") ||
      code.starts_with("IncompleteSignature") || code.starts_with("InvalidSecurityToken")) {
    return fmt::format("check accessKeyId and accessKeySecret in the Secret of {}", kSecretField);
  }
  if (code.starts_with("Forbidden") || code.starts_with("NoPermission") || code.starts_with("User.Forbidden"))
    return "allow the RAM user polardb:DescribeDBCluster* and polardb:ModifyDBClusterAccessWhitelist on the cluster";
  if (code.starts_with("InvalidDBClusterId")) return "check spec.source.polardb.dbClusterId and regionId";
  if (code.starts_with("InvalidTimeStamp") || code.starts_with("InvalidTimestamp"))
    return "set this node's clock: requests are signed with its time";
  return "look the code up in the API's error center (api.alibabacloud.com)";
}

absl::Status api_error(const std::string& action, const httplib::Response& response, const Parameters& sent) {
  const json body = json::parse(response.body, nullptr, false);
  const auto text_of = [&](const char* key) {
    const bool is_there = body.is_object() && body.contains(key) && body[key].is_string();
    return is_there ? told_of(body[key].get<std::string>(), sent) : std::string();
  };
  std::string code = text_of("Code");
  if (code.empty()) code = fmt::format("HTTP{}", response.status);
  const bool busy = is_busy(code, response.status);
  return failure(
      busy ? absl::StatusCode::kUnavailable : absl::StatusCode::kFailedPrecondition, reason_word(code),
      fmt::format("PolarDB's API refuses {}: {} ({}), request id {}; {}", action, code, text_of("Message"),
                  text_of("RequestId"), busy ? "nothing to do if it passes" : repair_for(code)));
}

}  // namespace

absl::StatusOr<Parameters> OpenApi::signed_parameters(const std::string& action,
                                                      Parameters parameters) const {
  const auto key = [&](const char* name) -> absl::StatusOr<std::string> {
    auto value = secrets_.read({.name = cluster_.open_api_secret_ref.name, .key = name}, kSecretField);
    if (value.ok()) return value;
    return failure(value.status().code(), "SecretMissing", text(value.status()));
  };
  ASSIGN_OR_RETURN(const std::string id, key("accessKeyId"));
  ASSIGN_OR_RETURN(const std::string secret, key("accessKeySecret"));
  parameters["Action"] = action;
  parameters["Version"] = "2017-08-01";
  parameters["Format"] = "JSON";
  parameters["RegionId"] = cluster_.region_id;
  parameters["DBClusterId"] = cluster_.cluster_id;
  parameters["AccessKeyId"] = id;
  parameters["SignatureMethod"] = "HMAC-SHA1";
  parameters["SignatureVersion"] = "1.0";
  parameters["SignatureType"] = "";
  parameters["SignatureNonce"] = nonce();
  parameters["Timestamp"] = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now(), absl::UTCTimeZone());
  if (const auto token = key("securityToken"); token.ok()) parameters["SecurityToken"] = *token;
  parameters["Signature"] = signature_of("POST", parameters, secret);
  return parameters;
}

absl::StatusOr<json> OpenApi::call_once(const std::string& action, const Parameters& parameters,
                                        const Patience& patience) const {
  ASSIGN_OR_RETURN(const Parameters sent, signed_parameters(action, parameters));
  httplib::Client client(cluster_.endpoint);
  const auto time = std::clamp(left_of(patience), milliseconds{1}, kOneCall);
  client.set_connection_timeout(std::min(time, kConnect));
  client.set_read_timeout(time);
  client.set_write_timeout(time);
  client.set_follow_location(false);
  const std::stop_callback interrupt(patience.stop, [&client] { client.stop(); });
  const httplib::Result result = client.Post("/", query_of(sent), "application/x-www-form-urlencoded");
  if (!result && patience.stop.stop_requested()) return absl::CancelledError("stopped");
  if (!result) {
    return failure(
        absl::StatusCode::kUnavailable, "OpenApiUnreachable",
        fmt::format("PolarDB's API at {} does not answer {}: {}; check spec.source.polardb.endpoint and "
                    "that this network reaches it",
                    cluster_.endpoint, action, httplib::to_string(result.error())));
  }
  constexpr int kOk = 200;
  if (result->status != kOk) return api_error(action, *result, sent);
  json body = json::parse(result->body, nullptr, false);
  if (!body.is_object()) {
    return failure(
        absl::StatusCode::kUnavailable, "OpenApiUnreachable",
        fmt::format("{} answers {} with something that is no JSON; check spec.source.polardb.endpoint",
                    cluster_.endpoint, action));
  }
  return body;
}

absl::StatusOr<json> OpenApi::call(const std::string& action, const Parameters& parameters,
                                   const Patience& patience) const {
  milliseconds pause = kFirstPause;
  while (!patience.stop.stop_requested()) {
    absl::StatusOr<json> answer = call_once(action, parameters, patience);
    if (!absl::IsUnavailable(answer.status()) || left_of(patience) <= pause) return answer;
    sleep_for(pause, patience.stop);
    pause *= 2;
  }
  return absl::CancelledError("stopped");
}

}  // namespace rowtide::polardb
