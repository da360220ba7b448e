#include "sdk/src/partition_origin.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

namespace rowtide {
inline namespace v1 {
namespace {

struct Origin {
  std::int64_t offset = 0;
  std::int64_t timestamp = 0;
};

std::optional<Origin> parse(std::string_view text) {
  Origin origin;
  const char* const end = text.data() + text.size();
  const auto offset = std::from_chars(text.data(), end, origin.offset);
  if (offset.ec != std::errc() || offset.ptr == end || *offset.ptr != '@') return std::nullopt;
  const auto timestamp = std::from_chars(offset.ptr + 1, end, origin.timestamp);
  if (timestamp.ec != std::errc() || timestamp.ptr != end) return std::nullopt;
  return origin;
}

/// Reading of a partition, which ends with this.
class Reading {
 public:
  Reading(rd_kafka_topic_t* topic, std::int32_t partition, std::int64_t offset)
      : topic_(topic),
        partition_(partition),
        error_(rd_kafka_consume_start(topic, partition, offset) == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR
                                                                     : rd_kafka_last_error()) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() {
    if (error_ == RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_consume_stop(topic_, partition_);
  }
  [[nodiscard]] rd_kafka_resp_err_t error() const { return error_; }

 private:
  rd_kafka_topic_t* topic_;
  std::int32_t partition_;
  rd_kafka_resp_err_t error_;
};

}  // namespace

std::string text_of_origin(std::int64_t offset, std::int64_t timestamp) {
  return std::to_string(offset) + "@" + std::to_string(timestamp);
}

bool is_made_anew(std::string_view then, std::string_view now) {
  const std::optional<Origin> before = parse(then);
  const std::optional<Origin> present = parse(now);
  if (!before || !present) return false;
  return present->offset < before->offset ||
         (present->offset == before->offset && present->timestamp != before->timestamp);
}

std::string origin_of(rd_kafka_t* client, const Options& options, const std::string& topic,
                      std::int32_t partition, std::int64_t low) {
  const KafkaTopic handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  const Reading reading(handle.get(), partition, low);
  rd_kafka_resp_err_t error = reading.error();
  const auto end = std::chrono::steady_clock::now() + options.connect_timeout;
  constexpr int kStepMs = 100;
  while (error == RD_KAFKA_RESP_ERR_NO_ERROR || is_passing(error)) {
    if (std::chrono::steady_clock::now() >= end) {
      error = RD_KAFKA_RESP_ERR__TIMED_OUT;
      break;
    }
    const KafkaMessage message(rd_kafka_consume(handle.get(), partition, kStepMs));
    if (!message) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return "";
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
      return text_of_origin(message->offset, rd_kafka_message_timestamp(message.get(), nullptr));
    error = message->err;
  }
  throw Error(
      code_of(error),
      "cannot read the first record of " + place_of(topic, partition) + ": " + rd_kafka_err2str(error), topic,
      partition, -1);
}

}  // namespace v1
}  // namespace rowtide
