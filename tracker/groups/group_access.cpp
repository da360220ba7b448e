#include "tracker/groups/group_access.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/sink/admin_call.h"
#include "tracker/sink/kafka_topics.h"

namespace rowtide::groups {
namespace {

using Binding = sink::KafkaHandle<rd_kafka_AclBinding_t, rd_kafka_AclBinding_destroy>;

/// The same arguments make a binding and the filter that finds it.
template <auto Make>
absl::StatusOr<std::vector<Binding>> read_rights(const std::string& principal, const std::string& group,
                                                 const std::vector<std::string>& topics) {
  std::vector<Binding> rights;
  std::array<char, 256> text{};
  const auto add = [&](rd_kafka_ResourceType_t type, const std::string& name) {
    rights.emplace_back(Make(type, name.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, principal.c_str(), "*",
                             RD_KAFKA_ACL_OPERATION_READ, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, text.data(),
                             text.size()));
    return rights.back() != nullptr;
  };
  bool is_made = add(RD_KAFKA_RESOURCE_GROUP, group);
  for (const std::string& topic : topics) is_made = is_made && add(RD_KAFKA_RESOURCE_TOPIC, topic);
  if (!is_made) return absl::InvalidArgumentError(fmt::format("an ACL for {}: {}", principal, text.data()));
  return rights;
}

std::vector<rd_kafka_AclBinding_t*> pointers(const std::vector<Binding>& bindings) {
  std::vector<rd_kafka_AclBinding_t*> raw;
  for (const Binding& each : bindings) raw.push_back(each.get());
  return raw;
}

absl::Status acl_error(const std::string& principal, const std::string& group,
                       const std::vector<std::string>& topics, std::string_view verb,
                       rd_kafka_resp_err_t code, const char* text) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  if (code == RD_KAFKA_RESP_ERR_SECURITY_DISABLED) {
    return failure(absl::StatusCode::kFailedPrecondition, kNoAuthorizer,
                   "the brokers have no authorizer: every user may read");
  }
  const std::string what = fmt::format("Read of {} as consumer group {} could not be {}: {}", principal,
                                       group, verb == "--add" ? "granted" : "taken back",
                                       text != nullptr ? text : rd_kafka_err2str(code));
  if (code != RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
    return absl::UnavailableError(what + "; check that the brokers run");
  std::string commands;
  for (const std::string& topic : topics) commands += fmt::format(" --topic {}", topic);
  return failure(
      absl::StatusCode::kFailedPrecondition, sink::kNotAuthorized,
      fmt::format("{}; give the tracker's Kafka user Alter on the cluster, or run: kafka-acls.sh "
                  "--bootstrap-server BROKER {} --allow-principal {} --operation Read --group {}{}",
                  what, verb, principal, group, commands));
}

}  // namespace

absl::Status grant_read(rd_kafka_s& client, const std::string& principal, const std::string& group,
                        const std::vector<std::string>& topics, Deadline deadline) {
  ASSIGN_OR_RETURN(const std::vector<Binding> made,
                   read_rights<rd_kafka_AclBinding_new>(principal, group, topics));
  std::vector<rd_kafka_AclBinding_t*> bindings = pointers(made);
  const auto failed = [&](rd_kafka_resp_err_t code, const char* words) {
    return acl_error(principal, group, topics, "--add", code, words);
  };
  ASSIGN_OR_RETURN(const sink::KafkaEvent event,
                   sink::admin_call(
                       client, RD_KAFKA_ADMIN_OP_CREATEACLS, deadline,
                       [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                         rd_kafka_CreateAcls(&client, bindings.data(), bindings.size(), options, queue);
                       },
                       failed));
  std::size_t count = 0;
  const auto* results =
      rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_error_t* error = rd_kafka_acl_result_error(results[i]);
    if (error != nullptr) RETURN_IF_ERROR(failed(rd_kafka_error_code(error), rd_kafka_error_string(error)));
  }
  return absl::OkStatus();
}

absl::Status revoke_read(rd_kafka_s& client, const std::string& principal, const std::string& group,
                         const std::vector<std::string>& topics, Deadline deadline) {
  ASSIGN_OR_RETURN(const std::vector<Binding> made,
                   read_rights<rd_kafka_AclBindingFilter_new>(principal, group, topics));
  std::vector<rd_kafka_AclBinding_t*> filters = pointers(made);
  const auto failed = [&](rd_kafka_resp_err_t code, const char* words) {
    return acl_error(principal, group, topics, "--remove", code, words);
  };
  ASSIGN_OR_RETURN(const sink::KafkaEvent event,
                   sink::admin_call(
                       client, RD_KAFKA_ADMIN_OP_DELETEACLS, deadline,
                       [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                         rd_kafka_DeleteAcls(&client, filters.data(), filters.size(), options, queue);
                       },
                       failed));
  std::size_t count = 0;
  const auto* responses =
      rd_kafka_DeleteAcls_result_responses(rd_kafka_event_DeleteAcls_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_error_t* error = rd_kafka_DeleteAcls_result_response_error(responses[i]);
    if (error != nullptr) RETURN_IF_ERROR(failed(rd_kafka_error_code(error), rd_kafka_error_string(error)));
  }
  return absl::OkStatus();
}

}  // namespace rowtide::groups
