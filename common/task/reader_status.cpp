#include "common/task/reader_status.h"

#include <nlohmann/json.hpp>

namespace rowtide::task {

nlohmann::ordered_json to_json_value(const ReaderStatus& status) {
  nlohmann::ordered_json json{
      {"name", status.name},
      {"isConnected", status.is_connected},
      {"state", status.state},
      {"reason", status.reason},
      {"message", status.message},
      {"serverId", status.server_id},
      {"position", {{"gtidSet", status.gtid_set}, {"file", status.file}, {"offset", status.offset}}},
      {"lagSeconds", nullptr},
      {"changesTotal", status.changes_total},
      {"bytesTotal", status.bytes_total},
      {"commitsGiven", status.commits_given},
      {"commitsAcknowledged", status.commits_acknowledged},
  };
  if (status.lag_seconds) json["lagSeconds"] = *status.lag_seconds;
  return json;
}

ReaderStatus reader_status_from_json(const nlohmann::json& json) {
  ReaderStatus status{.name = json.value("name", ""),
                      .is_connected = json.value("isConnected", false),
                      .state = json.value("state", ""),
                      .reason = json.value("reason", ""),
                      .message = json.value("message", ""),
                      .server_id = json.value("serverId", std::uint32_t{0}),
                      .changes_total = json.value("changesTotal", std::uint64_t{0}),
                      .bytes_total = json.value("bytesTotal", std::uint64_t{0}),
                      .commits_given = json.value("commitsGiven", std::uint64_t{0}),
                      .commits_acknowledged = json.value("commitsAcknowledged", std::uint64_t{0})};
  const auto position = json.value("position", nlohmann::json::object());
  status.gtid_set = position.value("gtidSet", "");
  status.file = position.value("file", "");
  status.offset = position.value("offset", std::uint64_t{0});
  if (const auto lag = json.find("lagSeconds"); lag != json.end() && !lag->is_null())
    status.lag_seconds = lag->get<double>();
  return status;
}

}  // namespace rowtide::task
