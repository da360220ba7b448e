#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"

struct rd_kafka_conf_s;
struct rd_kafka_s;

namespace rowtide::sink {

struct KafkaConfDeleter {
  void operator()(rd_kafka_conf_s* conf) const noexcept;
};
using KafkaConf = std::unique_ptr<rd_kafka_conf_s, KafkaConfDeleter>;

/// Ends the client. librdkafka waits for ever for its own threads where a topic that was read is deleted
/// (confluentinc/librdkafka#4362): after ten seconds they are left behind, with the little that they hold.
struct KafkaClientDeleter {
  void operator()(rd_kafka_s* client) const noexcept;
};
using KafkaClient = std::unique_ptr<rd_kafka_s, KafkaClientDeleter>;

/// What every Kafka client of the task has in common: brokers, security with the Secrets' content, client.id,
/// and the library's log lines going to ours. Errors are the Secrets'.
[[nodiscard]] absl::StatusOr<KafkaConf> make_kafka_conf(const task::KafkaSink& kafka,
                                                        const task::SecretReader& secrets,
                                                        std::string_view client_id);

/// Sets one of librdkafka's properties. Never shows the value of a property that holds a secret.
[[nodiscard]] absl::Status set(rd_kafka_conf_s& conf, const char* name, const std::string& value);

/// Makes a client of `conf`, which is used up. Does not connect.
[[nodiscard]] absl::StatusOr<KafkaClient> make_kafka_producer(KafkaConf conf);
[[nodiscard]] absl::StatusOr<KafkaClient> make_kafka_consumer(KafkaConf conf);

/// "kafka-1:9092,kafka-2:9092", for librdkafka and for messages.
[[nodiscard]] std::string bootstrap_list(const task::KafkaSink& kafka);

}  // namespace rowtide::sink
