#include "tracker/sink/topic_retention.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>

#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "common/status/text.h"
#include "common/time/sleep.h"
#include "tracker/sink/kafka_client_config.h"
#include "tracker/sink/kafka_handle.h"

namespace rowtide::sink {
namespace {

using std::chrono::milliseconds;

constexpr std::int32_t kPartition = 0;
constexpr milliseconds kTimeout{15'000};
constexpr std::chrono::minutes kInterval{5};

absl::Status failed(const std::string& topic, std::string_view reason) {
  return absl::UnavailableError(
      fmt::format("old messages of topic {} cannot be deleted: {}; give the tracker's Kafka user Delete and "
                  "Describe on it",
                  topic, reason));
}

/// Returns the offset of the first message that is left.
absl::StatusOr<std::int64_t> delete_up_to(rd_kafka_s& client, const std::string& topic, std::int64_t offset,
                                          int timeout_ms) {
  const KafkaPartitions offsets(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(offsets.get(), topic.c_str(), kPartition)->offset = offset;
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

}  // namespace

absl::StatusOr<std::int64_t> delete_expired(rd_kafka_s& client, const std::string& topic,
                                            RetentionMarks& marks, RetentionMarks::Time now,
                                            milliseconds timeout) {
  const int timeout_ms = static_cast<int>(timeout.count());
  std::int64_t first = 0;
  std::int64_t end = 0;
  if (const auto code =
          rd_kafka_query_watermark_offsets(&client, topic.c_str(), kPartition, &first, &end, timeout_ms);
      code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failed(topic, rd_kafka_err2str(code));
  }
  marks.note(now, end);
  const std::optional<std::int64_t> expired = marks.expired(now);
  if (!expired || *expired <= first) return first;
  return delete_up_to(client, topic, *expired, timeout_ms);
}

RetentionKeeper::RetentionKeeper(task::KafkaSink kafka, task::SecretReader secrets, std::string topic)
    : thread_([kafka = std::move(kafka), secrets = std::move(secrets),
               topic = std::move(topic)](const std::stop_token& stop) {
        KafkaClient client;
        RetentionMarks marks{std::chrono::hours(kafka.topic.retention_hours)};
        while (!stop.stop_requested()) {
          absl::Status status;
          if (client == nullptr) {
            absl::StatusOr<KafkaConf> conf = make_kafka_conf(kafka, secrets, "rowtide-retention");
            auto made = conf.ok() ? make_kafka_producer(*std::move(conf)) : conf.status();
            status = made.status();
            if (made.ok()) client = *std::move(made);
          }
          if (status.ok())
            status =
                delete_expired(*client, topic, marks, std::chrono::steady_clock::now(), kTimeout).status();
          if (!status.ok()) {
            spdlog::warn("{}", text(status));
            client.reset();  // its password may have changed
          }
          sleep_for(kInterval, stop);
        }
      }) {}

}  // namespace rowtide::sink
