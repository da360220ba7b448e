#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rowtide/error.h"
#include "rowtide/options.h"

namespace rowtide {
inline namespace v1 {

template <auto destroy>
struct KafkaDeleter {
  template <typename T>
  void operator()(T* object) const noexcept {
    destroy(object);
  }
};
using KafkaConfig = std::unique_ptr<rd_kafka_conf_t, KafkaDeleter<rd_kafka_conf_destroy>>;
using KafkaMessage = std::unique_ptr<rd_kafka_message_t, KafkaDeleter<rd_kafka_message_destroy>>;
using KafkaOffsets =
    std::unique_ptr<rd_kafka_topic_partition_list_t, KafkaDeleter<rd_kafka_topic_partition_list_destroy>>;
using KafkaTopic = std::unique_ptr<rd_kafka_topic_t, KafkaDeleter<rd_kafka_topic_destroy>>;
/// Ends the client. librdkafka waits for ever for its own threads where a topic that was read is deleted
/// (confluentinc/librdkafka#4362): after ten seconds they are left behind, with the little that they hold.
struct KafkaClientDeleter {
  void operator()(rd_kafka_t* client) const noexcept;
};
using KafkaHandle = std::unique_ptr<rd_kafka_t, KafkaClientDeleter>;

/// What librdkafka calls, on the thread that polls.
struct KafkaCallbacks {
  std::function<void(rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*)> on_rebalance;
  std::function<void(rd_kafka_resp_err_t, const char*)> on_error;
  std::function<void(rd_kafka_resp_err_t, const rd_kafka_topic_partition_list_t*)> on_commit;
  std::function<void(std::exception_ptr)> on_thrown;  ///< by one of the others; does not throw itself
};

/// A member of the group that has not subscribed yet. `callbacks` outlive it. Throws Error.
[[nodiscard]] KafkaHandle make_kafka_client(const Options& options, KafkaCallbacks& callbacks);

/// Sees what open transactions have written too. For questions: it is in no group. Throws Error.
[[nodiscard]] KafkaHandle make_uncommitted_client(const Options& options);

/// Reads single records, of no group, with rd_kafka_consume_start(). Throws Error.
[[nodiscard]] KafkaHandle make_committed_reader(const Options& options);

/// What passes by itself, as after a broker's failover.
[[nodiscard]] bool is_passing(rd_kafka_resp_err_t error);

[[nodiscard]] ErrorCode code_of(rd_kafka_resp_err_t error);

/// "orders [3]"
[[nodiscard]] std::string place_of(const std::string& topic, std::int32_t partition);

}  // namespace v1
}  // namespace rowtide
