#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "tests/support/kafka_broker.h"

namespace rowtide::test {

/// As many records as `records_in` says into each partition, through one producer with these librdkafka
/// settings. Returns when all are acknowledged; throws else.
inline void produce_each(const KafkaBroker& broker, const std::string& topic, int partitions,
                         const std::function<int(int partition)>& records_in,
                         const std::function<std::string()>& value,
                         std::map<std::string, std::string> settings = {}) {
  std::array<char, 512> error{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  settings["bootstrap.servers"] = broker.admin_bootstrap();
  for (const auto& [name, setting] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), setting.c_str(), error.data(), error.size()) !=
        RD_KAFKA_CONF_OK)
      throw std::runtime_error(error.data());
  }
  const std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> producer(
      rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size()), &rd_kafka_destroy);
  const std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)> handle(
      rd_kafka_topic_new(producer.get(), topic.c_str(), nullptr), &rd_kafka_topic_destroy);
  for (int i = 0; i < partitions; ++i) {
    for (int n = 0; n < records_in(i); ++n) {
      std::string content = value();
      if (rd_kafka_produce(handle.get(), i, RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK, content.data(),
                           content.size(), nullptr, 0, nullptr) != 0)
        throw std::runtime_error(rd_kafka_err2str(rd_kafka_last_error()));
    }
  }
  if (rd_kafka_flush(producer.get(), 60'000) != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error("not all records were acknowledged");
}

}  // namespace rowtide::test
