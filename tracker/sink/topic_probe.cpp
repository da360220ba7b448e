#include "tracker/sink/topic_probe.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "common/status/try.h"
#include "tracker/sink/kafka_handle.h"

namespace rowtide::sink {
namespace {

TopicPresence presence_of(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return TopicPresence::Hidden;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return TopicPresence::Missing;
    default:
      return TopicPresence::There;
  }
}

using ProbeClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// The topics from `begin` on of which one request asks whether they could be made.
std::span<const TopicSpec> next_request(const std::vector<TopicSpec>& topics, std::size_t begin,
                                        std::size_t most) {
  constexpr std::size_t kMostRecords = 4000;  // KRaft refuses a request of more than 10,000
  std::size_t records = 0;
  std::size_t end = begin;
  while (end < topics.size() && end - begin < most) {
    records += 1 + static_cast<std::size_t>(topics[end].partitions) + topics[end].config.size();
    if (records > kMostRecords && end > begin) break;
    ++end;
  }
  return std::span(topics).subspan(begin, end - begin);
}

enum class Settings { Left, Read };

/// Topics as they are, in requests that grow: where answers take long, little is lost with the last one.
class TopicLook {
 public:
  TopicLook(rd_kafka_s& client, Settings settings, ProbeClock::time_point deadline)
      : client_(client), settings_(settings), deadline_(deadline) {}

  absl::StatusOr<std::vector<TopicSeen>> look_at(const std::vector<TopicSpec>& topics) {
    constexpr std::size_t kMostAtOnce = 128;
    for (std::size_t most = 1; all_.size() < topics.size(); most = std::min(2 * most, kMostAtOnce)) {
      const std::span<const TopicSpec> specs = next_request(topics, all_.size(), most);
      ASSIGN_OR_RETURN(std::vector<TopicSeen> seen, see(specs));
      const bool is_answered = try_missing(specs, seen);
      const bool is_last = !is_answered || seen.size() < specs.size();
      all_.insert(all_.end(), std::make_move_iterator(seen.begin()), std::make_move_iterator(seen.end()));
      if (is_last) break;
    }
    return std::move(all_);
  }

 private:
  [[nodiscard]] bool is_late() const { return ProbeClock::now() >= deadline_; }

  absl::StatusOr<std::vector<TopicSeen>> see(std::span<const TopicSpec> specs) {
    std::vector<TopicSeen> seen;
    for (const TopicSpec& spec : specs) {
      absl::StatusOr<TopicSeen> found = see_topic(client_, spec.name, deadline_);
      if (!found.ok() && all_.empty()) return found.status();
      if (!found.ok()) break;
      if (settings_ == Settings::Read && found->presence == TopicPresence::There) {
        read_topic_config(client_, spec.name, milliseconds(ms_until(deadline_)), found->info);
        if (is_late() && !all_.empty()) break;  // perhaps without its settings
      }
      seen.push_back(*std::move(found));
    }
    return seen;
  }

  /// False: there was no time to ask of all that are missing, and `seen` ends before them.
  bool try_missing(std::span<const TopicSpec> specs, std::vector<TopicSeen>& seen) {
    std::vector<std::size_t> missing;
    std::vector<TopicSpec> wanted;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (seen[i].presence == TopicPresence::There || !specs[i].create) continue;
      missing.push_back(i);
      wanted.push_back(specs[i]);
    }
    if (missing.empty()) return true;
    const bool has_time = !is_late() || all_.empty();
    absl::StatusOr<std::vector<absl::Status>> tried = std::vector<absl::Status>();
    if (has_time) tried = try_create(client_, wanted, milliseconds(ms_until(deadline_)));
    // Brokers that never answer this question are something to tell of.
    if (!has_time || (absl::IsUnavailable(tried.status()) && has_answer_)) {
      seen.resize(missing.front());
      return false;
    }
    has_answer_ = has_answer_ || tried.ok();
    for (std::size_t i = 0; i < missing.size(); ++i)
      seen[missing[i]].creatable = tried.ok() ? (*tried)[i] : tried.status();
    return tried.ok();
  }

  rd_kafka_s& client_;
  Settings settings_;
  ProbeClock::time_point deadline_;
  std::vector<TopicSeen> all_;
  bool has_answer_ = false;  ///< to whether topics could be made
};

}  // namespace

absl::StatusOr<KafkaConf> quiet_conf(const task::KafkaSink& kafka, const task::SecretReader& secrets) {
  ASSIGN_OR_RETURN(KafkaConf conf, make_kafka_conf(kafka, secrets, "rowtide-precheck"));
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  return conf;
}

absl::StatusOr<KafkaClient> make_asking_client(const task::KafkaSink& kafka,
                                               const task::SecretReader& secrets) {
  ASSIGN_OR_RETURN(KafkaConf conf, quiet_conf(kafka, secrets));
  RETURN_IF_ERROR(set(*conf, "allow.auto.create.topics", "false"));
  return make_kafka_consumer(std::move(conf));
}

absl::StatusOr<TopicSeen> see_topic(rd_kafka_s& client, const std::string& topic,
                                    ProbeClock::time_point deadline) {
  const KafkaTopicHandle handle(rd_kafka_topic_new(&client, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(&client, 0, handle.get(), &raw, ms_until(deadline));
  const KafkaMetadata metadata(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR || metadata->topic_cnt != 1) {
    return absl::UnavailableError(
        fmt::format("Kafka does not say what topic {} is: {}", topic, rd_kafka_err2str(code)));
  }
  const rd_kafka_metadata_topic& found = metadata->topics[0];
  TopicSeen seen;
  seen.presence = presence_of(found.err);
  seen.has_leaders = true;
  seen.info.partitions = found.partition_cnt;
  for (int p = 0; p < found.partition_cnt; ++p) {
    const rd_kafka_metadata_partition& partition = found.partitions[p];
    seen.replicas = p == 0 ? partition.replica_cnt : std::min(seen.replicas, partition.replica_cnt);
    seen.has_leaders = seen.has_leaders && partition.leader >= 0;
  }
  return seen;
}

absl::StatusOr<std::vector<TopicSeen>> see_topics(rd_kafka_s& client, const std::vector<TopicSpec>& topics,
                                                  ProbeClock::time_point deadline) {
  return TopicLook(client, Settings::Left, deadline).look_at(topics);
}

absl::StatusOr<std::vector<TopicSeen>> see_topics(const task::KafkaSink& kafka,
                                                  const task::SecretReader& secrets,
                                                  const std::vector<TopicSpec>& topics,
                                                  milliseconds timeout) {
  const ProbeClock::time_point deadline = ProbeClock::now() + timeout;
  ASSIGN_OR_RETURN(const KafkaClient client, make_asking_client(kafka, secrets));
  return TopicLook(*client, Settings::Read, deadline).look_at(topics);
}

absl::StatusOr<bool> were_written(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                                  const std::vector<std::string>& topics, milliseconds timeout) {
  const ProbeClock::time_point deadline = ProbeClock::now() + timeout;
  ASSIGN_OR_RETURN(const KafkaClient client, make_asking_client(kafka, secrets));
  for (const std::string& topic : topics) {
    ASSIGN_OR_RETURN(const TopicSeen seen, see_topic(*client, topic, deadline));
    if (seen.presence == TopicPresence::Missing) continue;
    if (seen.presence == TopicPresence::Hidden) {
      return absl::PermissionDeniedError(fmt::format("topic {} may not be seen", topic));
    }
    for (std::int32_t p = 0; p < seen.info.partitions; ++p) {
      std::int64_t first = 0;
      std::int64_t end = 0;
      const rd_kafka_resp_err_t code =
          rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), p, &first, &end, ms_until(deadline));
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return absl::UnavailableError(
            fmt::format("the end of topic {} could not be asked: {}", topic, rd_kafka_err2str(code)));
      }
      if (end > 0) return true;
    }
  }
  return false;
}

}  // namespace rowtide::sink
