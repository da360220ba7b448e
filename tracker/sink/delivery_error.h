#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace rowtide::sink {

/// A record that Kafka will not take, however often it is tried.
struct RejectedRecord {
  std::string topic;
  std::string table;
  std::string key;                     ///< empty: none
  std::uint64_t bytes = 0;             ///< key and value
  std::int64_t max_message_bytes = 0;  ///< the topic's limit; 0: not known
  std::string bootstrap_servers;
};

/// `code` is an rd_kafka_resp_err_t, `reason` the library's text for it. Says which record of which table,
/// why, and what to do. RESOURCE_EXHAUSTED for one that is too large, else FAILED_PRECONDITION: never a code
/// that invites to try again.
[[nodiscard]] absl::Status delivery_error(int code, std::string_view reason, const RejectedRecord& record);

/// Records of the tracker's own, the checkpoint and definitions of tables, that a topic did not take.
struct RejectedState {
  std::string topic;
  std::uint64_t bytes = 0;  ///< of all together
  std::string bootstrap_servers;
};

/// As delivery_error(); nullopt: by this `code` they may be taken when they are written again.
[[nodiscard]] std::optional<absl::Status> state_error(int code, std::string_view reason,
                                                      const RejectedState& state);

}  // namespace rowtide::sink
