#include "common/task/group_status.h"

#include <nlohmann/json.hpp>

namespace rowtide::task {
namespace {

nlohmann::ordered_json outcome_json(const GroupOutcome& outcome) {
  return {{"done", outcome.is_done}, {"reason", outcome.reason}, {"message", outcome.message}};
}

GroupOutcome outcome_from(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_object()) return {};
  return {.is_done = found->value("done", false),
          .reason = found->value("reason", ""),
          .message = found->value("message", "")};
}

template <class T>
std::optional<T> optional_from(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return std::nullopt;
  return found->get<T>();
}

}  // namespace

nlohmann::ordered_json to_json_value(const GroupStatus& status) {
  nlohmann::ordered_json json{
      {"name", status.name},
      {"uid", status.uid},
      {"generation", status.generation},
      {"groupId", status.group_id},
      {"state", status.state},
      {"members", status.members},
      {"unconsumedRecords", nullptr},
      {"isBeingCounted", status.is_being_counted},
      {"delaySeconds", nullptr},
      {"consumptionCheckpointMs", status.consumption_checkpoint_ms},
      {"dataBeginMs", status.data_begin_ms},
      {"dataEndMs", status.data_end_ms},
      {"sampledAtMs", status.sampled_at_ms},
      {"appliedNonce", nullptr},
      {"checkpoint", outcome_json(status.checkpoint)},
      {"access", outcome_json(status.access)},
      {"deletion", outcome_json(status.deletion)},
  };
  if (status.unconsumed_records) json["unconsumedRecords"] = *status.unconsumed_records;
  if (status.applied_nonce) json["appliedNonce"] = *status.applied_nonce;
  if (status.delay_seconds) json["delaySeconds"] = *status.delay_seconds;
  return json;
}

GroupStatus group_status_from_json(const nlohmann::json& json) {
  return {.name = json.at("name").get<std::string>(),
          .uid = json.value("uid", ""),
          .generation = json.value("generation", std::int64_t{0}),
          .group_id = json.value("groupId", ""),
          .state = json.value("state", ""),
          .members = json.value("members", std::int64_t{0}),
          .unconsumed_records = optional_from<std::int64_t>(json, "unconsumedRecords"),
          .is_being_counted = json.value("isBeingCounted", false),
          .delay_seconds = optional_from<double>(json, "delaySeconds"),
          .consumption_checkpoint_ms = json.value("consumptionCheckpointMs", std::int64_t{0}),
          .data_begin_ms = json.value("dataBeginMs", std::int64_t{0}),
          .data_end_ms = json.value("dataEndMs", std::int64_t{0}),
          .sampled_at_ms = json.value("sampledAtMs", std::int64_t{0}),
          .applied_nonce = optional_from<std::int64_t>(json, "appliedNonce"),
          .checkpoint = outcome_from(json, "checkpoint"),
          .access = outcome_from(json, "access"),
          .deletion = outcome_from(json, "deletion")};
}

}  // namespace rowtide::task
