#include "tracker/groups/group_memory.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "common/status/try.h"
#include "tracker/checkpoint/kafka_checkpoint_store.h"
#include "tracker/sink/kafka_handle.h"
#include "tracker/sink/kafka_message.h"

namespace rowtide::groups {
namespace {

constexpr std::string_view kNoteMark = "group#";

/// By topic the offsets of its partitions, of which all are there; null where the group has no place.
nlohmann::ordered_json move_json(const BegunMove& move) {
  auto from = nlohmann::ordered_json::object();
  for (const auto& [partition, offset] : move.from) {
    auto& offsets = from[partition.topic];
    while (offsets.size() <= static_cast<std::size_t>(partition.number)) offsets.push_back(nullptr);
    if (offset) offsets.back() = *offset;
  }
  return {{"nonce", move.nonce}, {"from", std::move(from)}};
}

BegunMove move_from_json(const nlohmann::json& json) {
  BegunMove move{.nonce = json.at("nonce").get<std::int64_t>(), .from = {}};
  for (const auto& [topic, offsets] : json.at("from").items()) {
    std::int32_t number = 0;
    for (const auto& offset : offsets) {
      move.from[{topic, number++}] =
          offset.is_null() ? std::nullopt : std::optional(offset.get<std::int64_t>());
    }
  }
  return move;
}

std::string note_json(const GroupNote& note) {
  nlohmann::ordered_json json{{"version", 1},
                              {"hasBegun", note.has_begun},
                              {"appliedNonce", note.applied_nonce},
                              {"principal", note.principal},
                              {"topics", note.topics},
                              {"groupId", note.group_id},
                              {"owner", note.owner},
                              {"keptAtMs", note.kept_at_ms}};
  if (note.move) json["move"] = move_json(*note.move);
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

absl::StatusOr<GroupNote> note_from_json(std::string_view text, std::string_view identity) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  try {
    if (json.at("version").get<int>() == 1) {
      GroupNote note{.has_begun = json.at("hasBegun").get<bool>(),
                     .applied_nonce = json.at("appliedNonce").get<std::int64_t>(),
                     .move = std::nullopt,
                     .principal = json.at("principal").get<std::string>(),
                     .topics = json.at("topics").get<std::vector<std::string>>(),
                     .group_id = json.value("groupId", std::string()),  // these came later
                     .owner = json.value("owner", std::string()),
                     .kept_at_ms = json.value("keptAtMs", std::int64_t{0})};
      if (const auto move = json.find("move"); move != json.end()) note.move = move_from_json(*move);
      return note;
    }
  } catch (const nlohmann::json::exception&) {
    // Said below.
  }
  return absl::DataLossError(fmt::format(
      "what topic {} notes of consumer group {} cannot be read; delete the record with key {}{} there",
      checkpoint::kCheckpointTopic, identity, kNoteMark, identity));
}

void on_note_delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  *static_cast<std::optional<rd_kafka_resp_err_t>*>(message->_private) = message->err;
}

absl::Status write(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                   const std::string& identity, std::optional<std::string_view> value, Deadline deadline) {
  ASSIGN_OR_RETURN(sink::KafkaConf conf, sink::make_kafka_conf(kafka, secrets, "rowtide-groups"));
  const std::array<std::pair<const char*, std::string>, 3> settings{{
      {"acks", "all"},
      {"linger.ms", "0"},
      {"message.timeout.ms", std::to_string(sink::ms_until(deadline))},
  }};
  for (const auto& [name, setting] : settings) RETURN_IF_ERROR(sink::set(*conf, name, setting));
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_note_delivered);
  ASSIGN_OR_RETURN(const sink::KafkaClient producer, sink::make_kafka_producer(std::move(conf)));
  const sink::TopicSpec topic = checkpoint::checkpoint_topic_spec(kafka);
  RETURN_IF_ERROR(
      sink::ensure_topic(*producer, topic, std::chrono::milliseconds(sink::ms_until(deadline))).status());
  std::optional<rd_kafka_resp_err_t> outcome;
  const std::string key = std::string(kNoteMark) + identity;
  const auto refused = sink::produce(
      *producer, {.topic_name = topic.name.c_str(), .opaque = &outcome, .key = key, .value = value});
  // message.timeout.ms bounds this: each message is reported, delivered or not.
  while (!refused && !outcome) rd_kafka_poll(producer.get(), sink::ms_until(deadline));
  if (!refused && *outcome == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  return absl::UnavailableError(fmt::format(
      "topic {} did not take a note of consumer group {}: {}; check that the brokers run and that "
      "the tracker's Kafka user has Write on it",
      topic.name, identity, refused ? refused->reason : rd_kafka_err2str(*outcome)));
}

}  // namespace

absl::StatusOr<GroupNotes> load_notes(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                                      Deadline deadline) {
  // What others' open transactions hide of the topic is not ours; our own notes stand outside of any.
  ASSIGN_OR_RETURN(TopicReader reader, TopicReader::open(kafka, secrets, Isolation::Uncommitted));
  const Partition partition{std::string(checkpoint::kCheckpointTopic), 0};
  GroupNotes notes;
  ASSIGN_OR_RETURN(const std::vector<Partition> found, reader.partitions({partition.topic}, deadline));
  if (found.empty()) return notes;
  ASSIGN_OR_RETURN(const std::vector<PartitionEnds> all_ends, reader.ends({partition}, deadline));
  const PartitionEnds ends = all_ends.front();
  if (ends.begin >= ends.end) return notes;
  ASSIGN_OR_RETURN(const ReadTo read_to,
                   reader.read(partition, ends.begin, deadline, [&](const SeenRecord& record) {
                     if (!record.key.starts_with(kNoteMark)) return record.offset + 1 < ends.end;
                     const std::string identity(record.key.substr(kNoteMark.size()));
                     notes.erase(identity);
                     if (!record.value.empty())
                       notes.emplace(identity, note_from_json(record.value, identity));
                     return record.offset + 1 < ends.end;
                   }));
  if (!read_to.is_timed_out) return notes;
  return absl::UnavailableError(fmt::format(
      "topic {} could not be read to its end in time; check that the brokers run", partition.topic));
}

absl::Status save_note(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                       const std::string& identity, const GroupNote& note, Deadline deadline) {
  return write(kafka, secrets, identity, note_json(note), deadline);
}

absl::Status forget_note(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                         const std::string& identity, Deadline deadline) {
  return write(kafka, secrets, identity, std::nullopt, deadline);
}

}  // namespace rowtide::groups
