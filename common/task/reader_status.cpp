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

}  // namespace rowtide::task
