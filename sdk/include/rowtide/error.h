#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "rowtide/export.h"

namespace rowtide {
inline namespace v1 {

enum class ErrorCode : std::uint8_t {
  InvalidOptions,        ///< an option is missing or contradicts another
  Unreachable,           ///< no broker answered within Options::connect_timeout
  Unauthorized,          ///< the login, or a right on the topic or the group
  UnknownTopic,          ///< the topic is not there
  TimeOutsideDataRange,  ///< Start::at_time: not yet come, before what the topic holds, or it was emptied
  PositionLost,          ///< the checkpoint is outside what the topic holds, or the topic was made anew
  Undecodable,  ///< a record that is in none of the formats, or damaged; it has a topic, partition and offset
  TransactionTooLarge,  ///< does not fit into Options::max_buffered_records or max_buffered_bytes
  Checkpoint,           ///< the checkpoint store, or committing to Kafka
  Kafka,                ///< anything else that librdkafka gives up on
  Closed,               ///< the consumer was closed before
};

[[nodiscard]] ROWTIDE_SDK_EXPORT std::string_view name_of(ErrorCode code) noexcept;

/// The only type that functions of the SDK throw by themselves (besides std::bad_alloc). what() says what
/// failed, on what, and what to do.
class ROWTIDE_SDK_EXPORT Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message);
  Error(ErrorCode code, const std::string& message, std::string topic, std::int32_t partition,
        std::int64_t offset);
  Error(const Error&) = default;
  Error& operator=(const Error&) = default;
  ~Error() override;

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  /// Of the record; "" and -1 where the error is not about one.
  [[nodiscard]] const std::string& topic() const noexcept { return topic_; }
  [[nodiscard]] std::int32_t partition() const noexcept { return partition_; }
  [[nodiscard]] std::int64_t offset() const noexcept { return offset_; }

 private:
  ErrorCode code_;
  std::string topic_;
  std::int32_t partition_ = -1;
  std::int64_t offset_ = -1;
};

}  // namespace v1
}  // namespace rowtide
