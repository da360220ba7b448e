#include "common/task/tracker_status.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace rowtide::task {

std::string to_json(const TrackerStatus& status) {
  nlohmann::ordered_json json{
      {"version", status.version},
      {"task", status.task},
      {"taskUid", status.task_uid},
      {"documentHash", status.document_hash},
      {"state", status.state},
      {"reason", status.reason},
      {"message", status.message},
      {"serverId", status.server_id},
      {"clientAddress", status.client_address},
      {"lagSeconds", nullptr},
      {"rowsPerSecond", status.rows_per_second},
      {"rowsTotal", status.rows_total},
      {"transactionsTotal", status.transactions_total},
      {"position", {{"gtidSet", status.gtid_set}, {"file", status.file}, {"offset", status.offset}}},
      {"checkpointAtMs", status.checkpoint_at_ms},
      {"topics", status.topics},
  };
  if (status.lag_seconds) json["lagSeconds"] = *status.lag_seconds;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

absl::StatusOr<TrackerStatus> tracker_status_from_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return absl::InvalidArgumentError("not a tracker's status");
  try {
    TrackerStatus status;
    status.version = json.at("version").get<std::string>();
    status.task = json.at("task").get<std::string>();
    status.task_uid = json.at("taskUid").get<std::string>();
    status.document_hash = json.value("documentHash", "");
    status.state = json.at("state").get<std::string>();
    status.reason = json.at("reason").get<std::string>();
    status.message = json.at("message").get<std::string>();
    status.server_id = json.at("serverId").get<std::uint32_t>();
    status.client_address = json.at("clientAddress").get<std::string>();
    if (!json.at("lagSeconds").is_null()) status.lag_seconds = json.at("lagSeconds").get<double>();
    status.rows_per_second = json.at("rowsPerSecond").get<double>();
    status.rows_total = json.at("rowsTotal").get<std::uint64_t>();
    status.transactions_total = json.at("transactionsTotal").get<std::uint64_t>();
    const auto& position = json.at("position");
    status.gtid_set = position.at("gtidSet").get<std::string>();
    status.file = position.at("file").get<std::string>();
    status.offset = position.at("offset").get<std::uint64_t>();
    status.checkpoint_at_ms = json.at("checkpointAtMs").get<std::int64_t>();
    status.topics = json.at("topics").get<std::vector<std::string>>();
    return status;
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(fmt::format("not a tracker's status: {}", error.what()));
  }
}

}  // namespace rowtide::task
