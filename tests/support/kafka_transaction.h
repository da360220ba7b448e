#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>

#include "tests/support/kafka_broker.h"
#include "tests/support/kafka_conf.h"

namespace rowtide::test {

/// One Kafka transaction, open until commit() or the end of this, which aborts it. Through the broker's open
/// listener. Functions throw on failure.
class KafkaTransaction {
 public:
  KafkaTransaction(const KafkaBroker& broker, const std::string& id)
      : producer_(rd_kafka_new(RD_KAFKA_PRODUCER,
                               make_kafka_conf({{"bootstrap.servers", broker.admin_bootstrap()},
                                                {"transactional.id", id}}),
                               why_.data(), why_.size()),
                  &rd_kafka_destroy) {
    if (!producer_) throw std::runtime_error(why_.data());
    require(rd_kafka_init_transactions(producer_.get(), kWaitMs));
    require(rd_kafka_begin_transaction(producer_.get()));
  }

  /// The record is written when this returns, and not committed.
  void produce(const std::string& topic, const std::string& value, int partition = 0) {
    const std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)> handle(
        rd_kafka_topic_new(producer_.get(), topic.c_str(), nullptr), &rd_kafka_topic_destroy);
    std::string copy = value;
    if (rd_kafka_produce(handle.get(), partition, RD_KAFKA_MSG_F_COPY, copy.data(), copy.size(), nullptr, 0,
                         nullptr) != 0)
      throw std::runtime_error(rd_kafka_err2str(rd_kafka_last_error()));
    if (rd_kafka_flush(producer_.get(), kWaitMs) != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw std::runtime_error("a record of " + topic + " was not acknowledged");
  }

  void commit() { require(rd_kafka_commit_transaction(producer_.get(), kWaitMs)); }

 private:
  static constexpr int kWaitMs = 60'000;

  static void require(rd_kafka_error_t* error) {
    if (error == nullptr) return;
    const std::string text = rd_kafka_error_string(error);
    rd_kafka_error_destroy(error);
    throw std::runtime_error(text);
  }

  std::array<char, 512> why_{};
  std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> producer_;
};

}  // namespace rowtide::test
