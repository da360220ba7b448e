#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "common/status/reason.h"
#include "tracker/checkpoint/kafka_checkpoint_store.h"
#include "tracker/precheck/check_list.h"
#include "tracker/precheck/kafka_task_topics.h"
#include "tracker/sink/kafka_client_config.h"
#include "tracker/sink/sink_topics.h"
#include "tracker/sink/topic_probe.h"

namespace rowtide::precheck {
namespace {

using sink::TopicPresence;
using sink::TopicSeen;
using sink::TopicSpec;

constexpr std::string_view kTopicsFit =
    "topics that exist or can be created, and keep and take what the task writes";

/// The task's topics as they should be and as they are.
struct LookedAt {
  const task::KafkaSink& kafka;
  std::string servers;
  bool keeps_seconds = false;  ///< dts-avro
  std::vector<CheckItem> faults;
  std::vector<std::string> good;
  std::vector<std::string> unseen;
};

std::string set_command(const LookedAt& all, const std::string& topic, const std::string& settings) {
  return fmt::format(
      "kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name {} --add-config {}",
      all.servers, topic, settings);
}

void missing_topic(const TopicSpec& spec, const TopicSeen& seen, LookedAt& all) {
  const std::string command = sink::create_command(spec, all.servers);
  if (!spec.create) {
    all.faults.push_back(
        failed(Finding{.reason = "TopicMissing",
                       .observed = fmt::format("topic {} does not exist", spec.name),
                       .expected = "it exists, because spec.sink.kafka.topic.create is false",
                       .message = "nobody makes the topic, so the tracker could not start",
                       .repair = command}));
  } else if (seen.creatable.ok()) {
    all.good.push_back(spec.name + " can be created");
  } else if (reason_of(seen.creatable) == sink::kNotAuthorized) {
    all.unseen.push_back(spec.name);  // KafkaPermissions says it
  } else {
    all.faults.push_back(
        failed(Finding{.reason = "TopicNotCreatable",
                       .observed = fmt::format("topic {} does not exist", spec.name),
                       .expected = "the brokers would create it as spec.sink.kafka.topic says",
                       .message = std::string(seen.creatable.message()),
                       .repair = "correct spec.sink.kafka.topic (replicationFactor at most the number of "
                                 "brokers, and what their policies allow)"}));
  }
}

std::optional<CheckItem> unwritable(const TopicSpec& spec, const TopicSeen& seen, const LookedAt& all) {
  if (!seen.has_leaders) {
    return failed(Finding{.reason = "TopicOffline",
                          .observed = fmt::format("topic {} has partitions without a leader", spec.name),
                          .expected = "each partition has a leader",
                          .message = "nothing can be written to such a partition",
                          .repair = "start the brokers that hold the topic"});
  }
  if (seen.info.min_insync_replicas <= seen.replicas) return std::nullopt;
  return failed(
      Finding{.reason = "TooFewReplicas",
              .observed = fmt::format("topic {} has {} replicas and min.insync.replicas={}", spec.name,
                                      seen.replicas, seen.info.min_insync_replicas),
              .expected = "at least as many replicas as min.insync.replicas",
              .message = "the brokers refuse every record with NOT_ENOUGH_REPLICAS",
              .repair = set_command(all, spec.name, fmt::format("min.insync.replicas={}", seen.replicas))});
}

std::optional<CheckItem> loses_changes(const TopicSpec& spec, const TopicSeen& seen, const LookedAt& all) {
  if (seen.info.cleanup_policy.find("compact") == std::string::npos) return std::nullopt;
  return failed(Finding{
      .reason = "TopicCompacted",
      .observed = fmt::format("topic {} has cleanup.policy={}", spec.name, seen.info.cleanup_policy),
      .expected = "cleanup.policy=delete",
      .message = "of the changes of a row only the last is kept, and records without a key are refused; "
                 "where that is wanted, name KafkaTopic in spec.precheck.skip",
      .repair = set_command(all, spec.name, "cleanup.policy=delete")});
}

std::optional<CheckItem> unfit_for_seconds(const TopicSpec& spec, const TopicSeen& seen,
                                           const LookedAt& all) {
  const absl::Status fit = sink::check_topic_for_seconds(spec.name, seen.info);
  if (fit.ok()) return std::nullopt;
  const bool is_one = seen.info.partitions == 1;
  return failed(Finding{
      .reason = "TopicUnfitForFormat",
      .observed =
          fmt::format("topic {} has {} partitions, retention.ms={}, message.timestamp.type={}", spec.name,
                      seen.info.partitions, seen.info.retention_ms, seen.info.timestamp_type),
      .expected = "1 partition, retention.ms=-1, message.timestamp.type=CreateTime",
      .message = std::string(fit.message()),
      .repair = is_one ? set_command(all, spec.name, "retention.ms=-1,message.timestamp.type=CreateTime")
                       : std::string("choose another spec.sink.kafka.topic.name, or delete the topic")});
}

std::optional<CheckItem> fewer_partitions(const TopicSpec& spec, const TopicSeen& seen, const LookedAt& all) {
  if (all.kafka.partition_by == task::PartitionBy::Task || seen.info.partitions >= spec.partitions) {
    return std::nullopt;
  }
  return warning(Finding{
      .reason = "FewerPartitions",
      .observed = fmt::format("topic {} has {} partitions", spec.name, seen.info.partitions),
      .expected = fmt::format("{}, as spec.sink.kafka.topic.partitions says", spec.partitions),
      .message = "the tracker uses those that are there; added while it runs they count from its next "
                 "start, and keys then move to other partitions",
      .repair = fmt::format("kafka-topics.sh --bootstrap-server {} --alter --topic {} --partitions {}",
                            all.servers, spec.name, spec.partitions)});
}

std::optional<CheckItem> short_retention(const TopicSpec& spec, const TopicSeen& seen, const LookedAt& all) {
  constexpr std::int64_t kMsPerHour = 3'600'000;
  const std::string& text = seen.info.retention_ms;
  std::int64_t kept_ms = -1;
  std::from_chars(text.data(), text.data() + text.size(), kept_ms);
  const std::int64_t asked_ms = all.kafka.topic.retention_hours * kMsPerHour;
  if (kept_ms < 0 || kept_ms >= asked_ms) return std::nullopt;
  return warning(Finding{.reason = "TopicRetentionShort",
                         .observed = fmt::format("topic {} has retention.ms={}", spec.name, kept_ms),
                         .expected = fmt::format("{} or more: spec.sink.kafka.topic.retentionHours is {}",
                                                 asked_ms, all.kafka.topic.retention_hours),
                         .message = "a consumer that is down for longer than the topic keeps loses changes",
                         .repair = set_command(all, spec.name, fmt::format("retention.ms={}", asked_ms))});
}

std::string_view fate_of_large_records(task::OversizedRecord mode) {
  switch (mode) {
    case task::OversizedRecord::Stop:
      return "oversizedRecord is Stop: a larger record stops the tracker";
    case task::OversizedRecord::KeysOnly:
      return "oversizedRecord is KeysOnly: of a larger record only the key is delivered";
    case task::OversizedRecord::SkipAndCount:
      return "oversizedRecord is SkipAndCount: a larger record is left out and counted";
  }
  return "";
}

std::optional<CheckItem> low_limit(const TopicSpec& spec, const TopicSeen& seen, const LookedAt& all) {
  constexpr std::int64_t kKafkasDefault = 1'048'588;
  const std::int64_t limit = seen.info.max_message_bytes;
  if (limit == 0 || limit >= sink::kLargestBatchBytes) return std::nullopt;
  return warning(Finding{
      .reason = "MessageLimitLow",
      .observed = fmt::format("topic {} has max.message.bytes={}", spec.name, limit),
      .expected = fmt::format("{} or more, the size of the tracker's batches", sink::kLargestBatchBytes),
      .message = fmt::format("{}; batches are made smaller, which costs throughput",
                             fate_of_large_records(all.kafka.oversized_record)),
      .repair = set_command(all, spec.name, fmt::format("max.message.bytes={}", kKafkasDefault))});
}

std::optional<CheckItem> keeps_no_checkpoints(const TopicSpec& spec, const TopicSeen& seen,
                                              const LookedAt& all) {
  const absl::Status kept = checkpoint::check_checkpoint_topic(all.kafka, seen.info);
  if (kept.ok()) return std::nullopt;
  return failed(
      Finding{.reason = "CheckpointsNotCompacted",
              .observed = fmt::format("topic {} has cleanup.policy={}", spec.name, seen.info.cleanup_policy),
              .expected = "cleanup.policy=compact",
              .message = std::string(kept.message()),
              .repair = set_command(all, spec.name, "cleanup.policy=compact")});
}

void look_at_one(const TopicSpec& spec, const TopicSeen& seen, bool is_checkpoints, LookedAt& all) {
  if (seen.presence == TopicPresence::Missing) return missing_topic(spec, seen, all);
  if (seen.presence == TopicPresence::Hidden) return all.unseen.push_back(spec.name);
  std::vector<std::optional<CheckItem>> found{unwritable(spec, seen, all)};
  if (is_checkpoints) {
    found.push_back(keeps_no_checkpoints(spec, seen, all));
  } else {
    found.push_back(loses_changes(spec, seen, all));
    found.push_back(all.keeps_seconds ? unfit_for_seconds(spec, seen, all)
                                      : short_retention(spec, seen, all));
    found.push_back(fewer_partitions(spec, seen, all));
    found.push_back(low_limit(spec, seen, all));
  }
  const std::size_t before = all.faults.size();
  for (std::optional<CheckItem>& fault : found) {
    if (fault) all.faults.push_back(*std::move(fault));
  }
  if (all.faults.size() == before) {
    all.good.push_back(fmt::format("{} has {} partition{}", spec.name, seen.info.partitions,
                                   seen.info.partitions == 1 ? "" : "s"));
  }
}

/// Kafka takes '.' and '_' for the same in names, and refuses the second of two that differ in these only.
void look_at_names(const std::vector<TopicSpec>& specs, LookedAt& all) {
  std::map<std::string, std::string> taken;
  for (const TopicSpec& spec : specs) {
    std::string alike = spec.name;
    std::replace(alike.begin(), alike.end(), '.', '_');
    const auto [first, is_new] = taken.emplace(std::move(alike), spec.name);
    if (is_new) continue;
    all.faults.push_back(failed(Finding{
        .reason = "TopicNamesCollide",
        .observed = fmt::format("topics {} and {}", first->second, spec.name),
        .expected = "names that differ in more than '.' and '_', which are the same to Kafka",
        .message = "the second cannot be created, and the tracker stops when it meets the table",
        .repair =
            "separate {database} and {table} in spec.sink.kafka.topic.name with '-', or take one of the "
            "tables out of spec.objects"}));
  }
}

/// The first failure, or the first warning, gives the reason; each says what it observed and its repair.
CheckItem sum_up(std::vector<CheckItem> faults) {
  std::stable_partition(faults.begin(), faults.end(),
                        [](const CheckItem& item) { return item.result == CheckResult::Failed; });
  CheckItem item = faults.front();
  std::vector<std::string> observed;
  std::vector<std::string> expected;
  std::vector<std::string> messages;
  std::vector<std::string> repairs;
  const auto add = [](std::vector<std::string>& texts, const std::string& text) {
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
  };
  for (const CheckItem& fault : faults) {
    add(observed, fault.observed);
    add(expected, fault.expected);
    add(messages, fault.message);
    add(repairs, fault.repair);
  }
  item.observed = join_some(observed, 10, "; ");
  item.expected = join_some(expected, 5, "; ");
  item.message = join_some(messages, 5, "; ");
  item.repair = join_some(repairs, 20, "; ");
  return item;
}

}  // namespace

/// A topic that is there is taken as it is, whatever the task says of it; so what it is gets said.
CheckItem check_kafka_topic(CheckContext& context) {
  constexpr std::chrono::milliseconds kTime{4000};
  const task::KafkaSink& kafka = *context.task().spec.sink.kafka;
  const std::vector<TopicSpec> specs = kafka_task_topics(context);
  const absl::StatusOr<std::vector<TopicSeen>> seen =
      sink::see_topics(kafka, context.secrets(), specs, std::min(kTime, context.time_left() / 2));
  if (!seen.ok()) return failed(seen.status(), std::string(kTopicsFit));
  LookedAt all{.kafka = kafka,
               .servers = sink::bootstrap_list(kafka),
               .keeps_seconds = deletes_old_records(context.task()),
               .faults = {},
               .good = {},
               .unseen = {}};
  look_at_names(specs, all);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (i >= seen->size()) {
      all.unseen.push_back(specs[i].name);
    } else {
      look_at_one(specs[i], (*seen)[i], i == 0, all);
    }
  }
  if (!all.faults.empty()) return sum_up(std::move(all.faults));
  std::string observed = join_some(all.good, 10);
  if (!all.unseen.empty()) {
    observed += fmt::format("{}not seen: {}", observed.empty() ? "" : "; ", join_some(all.unseen, 10));
  }
  return passed(observed);
}

}  // namespace rowtide::precheck
