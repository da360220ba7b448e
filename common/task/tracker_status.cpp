#include "common/task/tracker_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rowtide::task {
namespace {

std::vector<std::string> first_by_name(const std::vector<std::string>& all) {
  std::vector<std::string> first(std::min(all.size(), kMostTopicsTold));
  std::partial_sort_copy(all.begin(), all.end(), first.begin(), first.end());
  return first;
}

}  // namespace

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
      {"topics", first_by_name(status.topics)},
      {"topicCount", status.topics.size()},
      {"startRemark", status.start_remark},
      {"source",
       {{"verifiedAtMs", status.source_verified_at_ms},
        {"reason", status.source_reason},
        {"message", status.source_message}}},
  };
  json["consumerGroups"] = nlohmann::ordered_json::array();
  for (const GroupStatus& group : status.consumer_groups)
    json["consumerGroups"].push_back(to_json_value(group));
  if (status.lag_seconds) json["lagSeconds"] = *status.lag_seconds;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

absl::StatusOr<TrackerStatus> tracker_status_from_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return absl::InvalidArgumentError("not a tracker's status");
  try {
    TrackerStatus status;
    status.task = json.at("task").get<std::string>();
    status.state = json.value("state", "");
    status.version = json.value("version", "");
    status.task_uid = json.value("taskUid", "");
    status.document_hash = json.value("documentHash", "");
    status.reason = json.value("reason", "");
    status.message = json.value("message", "");
    status.server_id = json.value("serverId", std::uint32_t{0});
    status.client_address = json.value("clientAddress", "");
    if (const auto lag = json.find("lagSeconds"); lag != json.end() && !lag->is_null())
      status.lag_seconds = lag->get<double>();
    status.rows_per_second = json.value("rowsPerSecond", 0.0);
    status.rows_total = json.value("rowsTotal", std::uint64_t{0});
    status.transactions_total = json.value("transactionsTotal", std::uint64_t{0});
    const auto position = json.value("position", nlohmann::json::object());
    status.gtid_set = position.value("gtidSet", "");
    status.file = position.value("file", "");
    status.offset = position.value("offset", std::uint64_t{0});
    status.checkpoint_at_ms = json.value("checkpointAtMs", std::int64_t{0});
    status.start_remark = json.value("startRemark", "");
    status.topics = json.value("topics", std::vector<std::string>());
    const auto source = json.value("source", nlohmann::json::object());
    status.source_verified_at_ms = source.value("verifiedAtMs", std::int64_t{0});
    status.source_reason = source.value("reason", "");
    status.source_message = source.value("message", "");
    for (const auto& group : json.value("consumerGroups", nlohmann::json::array()))
      status.consumer_groups.push_back(group_status_from_json(group));
    for (const auto& reader : json.value("readers", nlohmann::json::array()))
      status.readers.push_back(reader_status_from_json(reader));
    return status;
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(fmt::format("not a tracker's status: {}", error.what()));
  }
}

}  // namespace rowtide::task
