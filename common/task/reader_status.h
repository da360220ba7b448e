#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace rowtide::task {

/// How a reader of the sink `stream` stands.
struct ReaderStatus {
  std::string name = {};  ///< empty: one that keeps its place itself
  bool is_connected = false;
  std::string state = {};   ///< TrackerStatus::state of its stream; empty: not connected
  std::string reason = {};  ///< CamelCase word
  std::string message = {};
  std::uint32_t server_id = 0;  ///< of its connection to the source
  std::string gtid_set = {};    ///< acknowledged (by one with a name) or given up to here
  std::string file = {};
  std::uint64_t offset = 0;
  std::optional<double> lag_seconds = {};
  std::uint64_t changes_total = 0;  ///< of this connection, as the rest
  std::uint64_t bytes_total = 0;
  std::uint64_t commits_given = 0;
  std::uint64_t commits_acknowledged = 0;
};

[[nodiscard]] nlohmann::ordered_json to_json_value(const ReaderStatus& status);
/// Fields that are missing have their defaults. Throws nlohmann::json::exception where one has another type.
[[nodiscard]] ReaderStatus reader_status_from_json(const nlohmann::json& json);

}  // namespace rowtide::task
