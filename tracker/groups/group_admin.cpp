#include "tracker/groups/group_admin.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <cstring>
#include <map>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/sink/admin_call.h"
#include "tracker/sink/kafka_handle.h"
#include "tracker/sink/kafka_topics.h"

namespace rowtide::groups {
namespace {

using sink::KafkaEvent;
using sink::KafkaHandle;
using sink::KafkaPartitions;

absl::Status not_authorized(const std::string& group, std::string_view what, std::string_view text) {
  return failure(
      absl::StatusCode::kFailedPrecondition, sink::kNotAuthorized,
      fmt::format(
          "{} of consumer group {}: {}; give the tracker's Kafka user Read, Describe and Delete on it: "
          "kafka-acls.sh --bootstrap-server BROKER --add --allow-principal User:TRACKER --operation Read "
          "--operation Describe --operation Delete --group {}",
          what, group, text, group));
}

absl::Status group_error(const std::string& group, std::string_view what, rd_kafka_resp_err_t code,
                         const char* text) {
  const std::string_view words = text != nullptr ? text : rd_kafka_err2str(code);
  switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return absl::OkStatus();
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return not_authorized(group, what, words);
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP:
    case RD_KAFKA_RESP_ERR_GROUP_SUBSCRIBED_TO_TOPIC:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
      return failure(absl::StatusCode::kFailedPrecondition, kMembersActive,
                     fmt::format("{} of consumer group {}: it has active members; stop its consumers first",
                                 what, group));
    default:
      return absl::UnavailableError(
          fmt::format("{} of consumer group {}: {}; check that the brokers run", what, group, words));
  }
}

absl::StatusOr<KafkaEvent> call(rd_kafka_t& client, rd_kafka_admin_op_t operation, const std::string& group,
                                std::string_view what, Deadline deadline, const sink::AdminQuestion& ask) {
  return sink::admin_call(client, operation, deadline, ask, [&](rd_kafka_resp_err_t code, const char* text) {
    return group_error(group, what, code, text);
  });
}

absl::Status error_of(const rd_kafka_error_t* error, const std::string& group, std::string_view what) {
  if (error == nullptr) return absl::OkStatus();
  return group_error(group, what, rd_kafka_error_code(error), rd_kafka_error_string(error));
}

KafkaPartitions list_of(const std::vector<Partition>& partitions) {
  KafkaPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const Partition& each : partitions)
    rd_kafka_topic_partition_list_add(list.get(), each.topic.c_str(), each.number);
  return list;
}

}  // namespace

absl::StatusOr<GroupState> describe_group(rd_kafka_s& client, const std::string& group, Deadline deadline) {
  constexpr std::string_view kWhat = "the state";
  std::array<const char*, 1> names{group.c_str()};
  ASSIGN_OR_RETURN(const KafkaEvent event,
                   call(client, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, group, kWhat, deadline,
                        [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                          rd_kafka_DescribeConsumerGroups(&client, names.data(), names.size(), options,
                                                          queue);
                        }));
  std::size_t count = 0;
  const auto* groups = rd_kafka_DescribeConsumerGroups_result_groups(
      rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
  if (count != 1) return absl::UnavailableError("Kafka does not say what consumer group " + group + " is");
  RETURN_IF_ERROR(error_of(rd_kafka_ConsumerGroupDescription_error(groups[0]), group, kWhat));
  return GroupState{
      .name = rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(groups[0])),
      .members = static_cast<std::int64_t>(rd_kafka_ConsumerGroupDescription_member_count(groups[0]))};
}

absl::StatusOr<std::vector<std::optional<GroupPlace>>> committed_places(
    rd_kafka_s& client, const std::string& group, const std::vector<Partition>& partitions,
    Deadline deadline) {
  constexpr std::string_view kWhat = "the place";
  std::vector<std::optional<GroupPlace>> found_places;
  if (partitions.empty()) return found_places;
  using Request = KafkaHandle<rd_kafka_ListConsumerGroupOffsets_t, rd_kafka_ListConsumerGroupOffsets_destroy>;
  const Request request(rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), list_of(partitions).get()));
  std::array<rd_kafka_ListConsumerGroupOffsets_t*, 1> requests{request.get()};
  ASSIGN_OR_RETURN(const KafkaEvent event,
                   call(client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, group, kWhat, deadline,
                        [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                          rd_kafka_ListConsumerGroupOffsets(&client, requests.data(), requests.size(),
                                                            options, queue);
                        }));
  std::size_t count = 0;
  const auto* groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &count);
  if (count != 1) return absl::UnavailableError("Kafka does not say where consumer group " + group + " is");
  RETURN_IF_ERROR(error_of(rd_kafka_group_result_error(groups[0]), group, kWhat));
  const rd_kafka_topic_partition_list_t* found = rd_kafka_group_result_partitions(groups[0]);
  std::map<Partition, GroupPlace> places;
  for (int i = 0; i < found->cnt; ++i) {
    const rd_kafka_topic_partition_t& place = found->elems[i];
    RETURN_IF_ERROR(group_error(group, kWhat, place.err, nullptr));
    if (place.offset < 0) continue;
    const std::string note(static_cast<const char*>(place.metadata), place.metadata_size);
    places[{place.topic, place.partition}] = {place.offset, note};
  }
  for (const Partition& each : partitions) {
    const auto place = places.find(each);
    found_places.push_back(place != places.end() ? std::optional(place->second) : std::nullopt);
  }
  return found_places;
}

absl::Status set_offsets(rd_kafka_s& client, const std::string& group,
                         const std::vector<std::pair<Partition, std::int64_t>>& offsets,
                         const std::string& note, Deadline deadline) {
  constexpr std::string_view kWhat = "moving the place";
  if (offsets.empty()) return absl::OkStatus();
  const KafkaPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [each, offset] : offsets) {
    rd_kafka_topic_partition_t* place =
        rd_kafka_topic_partition_list_add(list.get(), each.topic.c_str(), each.number);
    place->offset = offset;
    place->metadata = ::strdup(note.c_str());  // freed with the list
    place->metadata_size = note.size();
  }
  using Request =
      KafkaHandle<rd_kafka_AlterConsumerGroupOffsets_t, rd_kafka_AlterConsumerGroupOffsets_destroy>;
  const Request request(rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get()));
  std::array<rd_kafka_AlterConsumerGroupOffsets_t*, 1> requests{request.get()};
  ASSIGN_OR_RETURN(const KafkaEvent event,
                   call(client, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, group, kWhat, deadline,
                        [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                          rd_kafka_AlterConsumerGroupOffsets(&client, requests.data(), requests.size(),
                                                             options, queue);
                        }));
  std::size_t count = 0;
  const auto* groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
      rd_kafka_event_AlterConsumerGroupOffsets_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    RETURN_IF_ERROR(error_of(rd_kafka_group_result_error(groups[i]), group, kWhat));
    const rd_kafka_topic_partition_list_t* set = rd_kafka_group_result_partitions(groups[i]);
    for (int p = 0; p < set->cnt; ++p) RETURN_IF_ERROR(group_error(group, kWhat, set->elems[p].err, nullptr));
  }
  return absl::OkStatus();
}

absl::Status delete_group(rd_kafka_s& client, const std::string& group, Deadline deadline) {
  constexpr std::string_view kWhat = "deletion";
  using Request = KafkaHandle<rd_kafka_DeleteGroup_t, rd_kafka_DeleteGroup_destroy>;
  const Request request(rd_kafka_DeleteGroup_new(group.c_str()));
  std::array<rd_kafka_DeleteGroup_t*, 1> requests{request.get()};
  ASSIGN_OR_RETURN(const KafkaEvent event,
                   call(client, RD_KAFKA_ADMIN_OP_DELETEGROUPS, group, kWhat, deadline,
                        [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                          rd_kafka_DeleteGroups(&client, requests.data(), requests.size(), options, queue);
                        }));
  std::size_t count = 0;
  const auto* groups =
      rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_error_t* error = rd_kafka_group_result_error(groups[i]);
    if (error != nullptr && rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) continue;
    RETURN_IF_ERROR(error_of(error, group, kWhat));
  }
  return absl::OkStatus();
}

}  // namespace rowtide::groups
