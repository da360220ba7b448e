#include "operator/tasks/tracker_probe.h"

// cpprestsdk has a macro U(), which breaks other libraries' templates.
#define _TURN_OFF_PLATFORM_STRING  // NOLINT(bugprone-reserved-identifier)
#include <cpprest/http_client.h>
#include <fmt/format.h>

#include <chrono>

#include "operator/tasks/desired.h"

namespace rowtide::op::tasks {
namespace {

constexpr std::chrono::seconds kTimeout{2};

std::string url_of(const std::string& address) {
  const bool is_ipv6 = address.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("http://[{}]:{}", address, kTrackerPort)
                 : fmt::format("http://{}:{}", address, kTrackerPort);
}

}  // namespace

absl::StatusOr<task::TrackerStatus> HttpTrackerProbe::ask(const std::string& pod_address) {
  try {
    web::http::client::http_client_config config;
    config.set_timeout(kTimeout);
    web::http::client::http_client client(url_of(pod_address), config);
    const web::http::http_response response = client.request(web::http::methods::GET, "/status").get();
    if (response.status_code() != web::http::status_codes::OK) {
      return absl::UnavailableError(
          fmt::format("{}/status answers {}", url_of(pod_address), response.status_code()));
    }
    return task::tracker_status_from_json(response.extract_utf8string(true).get());
  } catch (const std::exception& error) {
    return absl::UnavailableError(fmt::format("{}/status: {}", url_of(pod_address), error.what()));
  }
}

}  // namespace rowtide::op::tasks
