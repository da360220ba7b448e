#include "tracker/sink/topic_retention.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>

#include <array>
#include <memory>
#include <utility>

#include "common/status/text.h"
#include "common/time/clock.h"
#include "common/time/sleep.h"
#include "tracker/sink/kafka_client_config.h"
#include "tracker/sink/kafka_handle.h"

namespace rowtide::sink {
namespace {

using std::chrono::milliseconds;

constexpr std::int32_t kPartition = 0;
constexpr milliseconds kTimeout{15'000};
constexpr std::chrono::minutes kInterval{5};
constexpr std::int64_t kSecondsPerHour = 3600;

absl::Status failed(const std::string& topic, std::string_view reason) {
  return absl::UnavailableError(
      fmt::format("old messages of topic {} cannot be deleted: {}; give the tracker's Kafka user Delete and "
                  "Describe on it",
                  topic, reason));
}

}  // namespace

absl::StatusOr<std::int64_t> delete_before(rd_kafka_s& client, const std::string& topic,
                                           std::int64_t timestamp, milliseconds timeout) {
  const int timeout_ms = static_cast<int>(timeout.count());
  std::int64_t first = 0;
  std::int64_t end = 0;
  if (const auto code =
          rd_kafka_query_watermark_offsets(&client, topic.c_str(), kPartition, &first, &end, timeout_ms);
      code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failed(topic, rd_kafka_err2str(code));
  }
  const KafkaPartitions offsets(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_t* partition =
      rd_kafka_topic_partition_list_add(offsets.get(), topic.c_str(), kPartition);
  partition->offset = timestamp;
  if (const auto code = rd_kafka_offsets_for_times(&client, offsets.get(), timeout_ms);
      code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failed(topic, rd_kafka_err2str(code));
  }
  if (partition->err != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(topic, rd_kafka_err2str(partition->err));

  // No message is that new. The end of before the question, because a new one may have come since.
  if (partition->offset == RD_KAFKA_OFFSET_END) partition->offset = end;
  std::array<rd_kafka_DeleteRecords_t*, 1> request{rd_kafka_DeleteRecords_new(offsets.get())};
  const KafkaDeletion owner(request[0]);
  const KafkaQueue queue(rd_kafka_queue_new(&client));
  const KafkaAdminOptions options(rd_kafka_AdminOptions_new(&client, RD_KAFKA_ADMIN_OP_DELETERECORDS));
  std::array<char, 256> text{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, text.data(), text.size());
  rd_kafka_DeleteRecords(&client, request.data(), request.size(), options.get(), queue.get());

  const KafkaEvent event(rd_kafka_queue_poll(queue.get(), timeout_ms));
  if (event == nullptr) return failed(topic, "Kafka does not answer");
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failed(topic, rd_kafka_event_error_string(event.get()));
  }
  const rd_kafka_topic_partition_list_t* left =
      rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event.get()));
  if (left->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failed(topic, rd_kafka_err2str(left->elems[0].err));
  }
  return left->elems[0].offset;
}

RetentionKeeper::RetentionKeeper(task::KafkaSink kafka, task::SecretReader secrets, std::string topic)
    : thread_([kafka = std::move(kafka), secrets = std::move(secrets),
               topic = std::move(topic)](const std::stop_token& stop) {
        KafkaClient client;
        while (!stop.stop_requested()) {
          absl::Status status;
          if (client == nullptr) {
            absl::StatusOr<KafkaConf> conf = make_kafka_conf(kafka, secrets, "rowtide-retention");
            auto made = conf.ok() ? make_kafka_producer(*std::move(conf)) : conf.status();
            status = made.status();
            if (made.ok()) client = *std::move(made);
          }
          if (status.ok()) {
            const std::int64_t now = now_ms() / 1000;
            status =
                delete_before(*client, topic, now - kafka.topic.retention_hours * kSecondsPerHour, kTimeout)
                    .status();
          }
          if (!status.ok()) {
            spdlog::warn("{}", text(status));
            client.reset();  // its password may have changed
          }
          sleep_for(kInterval, stop);
        }
      }) {}

}  // namespace rowtide::sink
