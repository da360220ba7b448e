#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>

#include "common/status/reason.h"
#include "tracker/checkpoint/kafka_checkpoint_store.h"
#include "tracker/precheck/check_list.h"
#include "tracker/precheck/kafka_task_topics.h"
#include "tracker/sink/kafka_client_config.h"
#include "tracker/sink/kafka_rights.h"
#include "tracker/sink/kafka_transaction.h"
#include "tracker/sink/topic_name.h"
#include "tracker/sink/topic_probe.h"

namespace rowtide::precheck {
namespace {

using sink::Right;
using std::chrono::milliseconds;

constexpr milliseconds kTopicsTime{6000};
constexpr milliseconds kCheckpointTime{5000};
constexpr milliseconds kProducerIdTime{3000};
constexpr milliseconds kTransactionTime{5000};

constexpr std::string_view kNeeded = "what the tracker needs on its topics and its transactional id";

/// Operations on one resource, as kafka-acls.sh calls them.
struct MissingRights {
  std::string resource;  ///< "--topic shop.orders"
  std::vector<std::string> operations;
};

/// What the brokers said.
struct Asked {
  std::vector<MissingRights> missing;
  std::vector<MissingRights> untold;  ///< perhaps, so that one repair is enough
  std::vector<std::string> unasked;
  absl::Status fault;  ///< something else that will keep the tracker from working
};

struct CheckpointSeen {
  bool is_there = false;
  bool may_be_there = false;  ///< it could not be looked for
  bool may_be_lost = false;   ///< it is not there, but the task may have been delivered: see may_have_run()
  Right read = Right::NotAsked;
};

std::string principal_of(const CheckContext& context) {
  const task::KafkaSecurity& security = context.task().spec.sink.kafka->security;
  const absl::StatusOr<task::Credentials> credentials = context.secrets().kafka_credentials(security);
  const bool has_sasl = security.protocol == task::SecurityProtocol::SaslPlaintext ||
                        security.protocol == task::SecurityProtocol::SaslSsl;
  if (!has_sasl && security.client_certificate_secret_ref) return "User:SUBJECT";
  const bool has_login = credentials.ok() && !credentials->username.empty();
  const std::string name = "User:" + (has_login ? credentials->username : std::string("ANONYMOUS"));
  const bool is_plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == ':' || c == '.' || c == '_' || c == '-' || c == '@';
  });
  return is_plain ? name : "'" + name + "'";
}

std::string grant_command(const MissingRights& missing, const std::string& servers,
                          const std::string& principal) {
  std::string command =
      fmt::format("kafka-acls.sh --bootstrap-server {} --add --allow-principal {}", servers, principal);
  for (const std::string& operation : missing.operations) command += " --operation " + operation;
  return command + " " + missing.resource;
}

/// `is_any_write_denied`: the account may write to no topic at all, so to none of those that are not there
/// yet.
MissingRights missing_on(const sink::TopicRights& rights, bool is_checkpoints, bool is_any_write_denied) {
  MissingRights missing{.resource = "--topic " + rights.topic, .operations = {}};
  const bool is_hidden = rights.describe == Right::Denied;  // Read and Write contain Describe
  const bool is_new = !is_hidden && !rights.exists;
  if (rights.create == Right::Denied) missing.operations.emplace_back("Create");
  if (is_hidden || rights.write == Right::Denied || (is_new && is_any_write_denied)) {
    missing.operations.emplace_back("Write");
  }
  if (is_checkpoints && is_hidden) missing.operations.emplace_back("Read");
  if (is_hidden) {
    missing.operations.emplace_back("Describe");
    missing.operations.emplace_back("DescribeConfigs");
  }
  return missing;
}

CheckpointSeen look_for_checkpoint(CheckContext& context, const sink::TopicRights& topic) {
  if (!topic.exists) return {.may_be_there = topic.describe != Right::Granted};
  const auto found = checkpoint::find_kafka_checkpoint(context.task(), context.secrets(),
                                                       std::min(kCheckpointTime, context.time_left() / 3));
  if (found.ok()) return {.is_there = found->has_value(), .read = Right::Granted};
  const bool is_denied = reason_of(found.status()) == sink::kNotAuthorized;
  return {.may_be_there = true, .read = is_denied ? Right::Denied : Right::NotAsked};
}

/// A tracker whose checkpoint was lost goes on, and writes it again. Then only its topics tell of it.
bool may_have_run(CheckContext& context, const std::vector<sink::TopicRights>& topics) {
  if (sink::has_topic_per_table(context.task()) && !context.connected().ok()) return true;
  std::vector<std::string> names;
  for (const sink::TopicRights& rights : topics) {
    if (&rights == &topics.front()) continue;
    if (rights.describe != Right::Granted) return true;  // it cannot be told
    if (rights.exists) names.push_back(rights.topic);
  }
  const absl::StatusOr<bool> written =
      sink::were_written(*context.task().spec.sink.kafka, context.secrets(), names,
                         std::min(kTopicsTime, context.time_left() / 3));
  return !written.ok() || *written;
}

std::string_view why_not_taken_over(const CheckpointSeen& checkpoint) {
  if (checkpoint.is_there) return "it would stop the tracker, which has run with it";
  if (checkpoint.may_be_there) return "it might stop a tracker: checkpoints cannot be read";
  return "it might stop a tracker whose checkpoint was lost: the task's topics have been written to, or cannot "
         "all be looked at";
}

MissingRights transactional_rights(const std::string& id) {
  return {.resource = "--transactional-id " + id, .operations = {"Write", "Describe"}};
}

void ask_for_transactions(CheckContext& context, const CheckpointSeen& checkpoint, Asked& asked) {
  const task::KafkaSink& kafka = *context.task().spec.sink.kafka;
  if (kafka.delivery != "ExactlyOnce") return;
  const std::string id = sink::KafkaTransaction::id_of(context.task().identity());
  if (checkpoint.is_there || checkpoint.may_be_there || checkpoint.may_be_lost) {
    // It cannot be told whether it is there: to give it again does no harm.
    if (!asked.missing.empty()) asked.untold.push_back(transactional_rights(id));
    asked.unasked.push_back(
        fmt::format("Write on the transactional id {} ({})", id, why_not_taken_over(checkpoint)));
    return;
  }
  const absl::Status taken = sink::ask_transactional_id(kafka, context.secrets(), id,
                                                        std::min(kTransactionTime, context.time_left() / 2));
  if (reason_of(taken) == sink::kNotAuthorized) {
    asked.missing.push_back(transactional_rights(id));
  } else {
    asked.fault = taken;
  }
}

/// Where old records are deleted by the tracker itself. Each topic is asked by itself, and there may be
/// thousands.
void ask_for_deleting(CheckContext& context, const sink::TopicRights& rights,
                      CheckContext::Clock::time_point deadline, MissingRights& missing, Asked& asked) {
  if (!deletes_old_records(context.task()) || !rights.exists) return;
  if (CheckContext::Clock::now() >= deadline) {
    asked.unasked.push_back(fmt::format("Delete on {} (no time)", rights.topic));
    return;
  }
  const Right right = sink::ask_delete(*context.task().spec.sink.kafka, context.secrets(), rights.topic,
                                       std::min(kProducerIdTime, context.time_left() / 4));
  if (right == Right::Denied) missing.operations.emplace_back("Delete");
}

void say_what_was_not_asked(const sink::TopicRights& rights, bool is_checkpoints, Asked& asked) {
  if (rights.describe == Right::NotAsked) asked.unasked.push_back(rights.topic + " (no time)");
  if (rights.describe != Right::Granted) return;
  const std::string_view operations = is_checkpoints ? "Write and Read" : "Write";
  if (!rights.exists) {
    asked.unasked.push_back(fmt::format("{} on {} (it is not there yet)", operations, rights.topic));
  } else if (rights.write == Right::NotAsked) {
    asked.unasked.push_back(fmt::format("Write on {} (no answer)", rights.topic));
  }
}

absl::StatusOr<Asked> ask(CheckContext& context) {
  const task::KafkaSink& kafka = *context.task().spec.sink.kafka;
  const absl::StatusOr<std::vector<sink::TopicRights>> topics = sink::ask_topic_rights(
      kafka, context.secrets(), kafka_task_topics(context), std::min(kTopicsTime, context.time_left() / 2));
  if (!topics.ok()) return topics.status();
  const Right producer_id = sink::ask_idempotent_write(kafka, context.secrets(),
                                                       std::min(kProducerIdTime, context.time_left() / 3));
  CheckpointSeen checkpoint = look_for_checkpoint(context, topics->front());
  const bool is_missed = !checkpoint.is_there && !checkpoint.may_be_there;
  checkpoint.may_be_lost = kafka.delivery == "ExactlyOnce" && is_missed && may_have_run(context, *topics);
  const auto deletes_until = CheckContext::Clock::now() + std::min(kTopicsTime, context.time_left() / 3);
  Asked asked;
  for (const sink::TopicRights& rights : *topics) {
    const bool is_checkpoints = &rights == &topics->front();
    MissingRights missing = missing_on(rights, is_checkpoints, producer_id == Right::Denied);
    if (is_checkpoints && checkpoint.read == Right::Denied) missing.operations.emplace_back("Read");
    if (!is_checkpoints) ask_for_deleting(context, rights, deletes_until, missing, asked);
    if (!missing.operations.empty()) asked.missing.push_back(std::move(missing));
    say_what_was_not_asked(rights, is_checkpoints, asked);
  }
  // With Write on some topic, later brokers grant it.
  if (producer_id == Right::Denied && asked.missing.empty()) {
    asked.missing.push_back({.resource = "--cluster", .operations = {"IdempotentWrite"}});
  }
  ask_for_transactions(context, checkpoint, asked);
  return asked;
}

CheckItem missing_rights(const CheckContext& context, const Asked& asked) {
  const std::string servers = sink::bootstrap_list(*context.task().spec.sink.kafka);
  const std::string principal = principal_of(context);
  std::vector<std::string> lacking;
  std::vector<std::string> commands;
  for (const MissingRights& missing : asked.missing) {
    lacking.push_back(
        fmt::format("{} on {}", fmt::join(missing.operations, ", "), missing.resource.substr(2)));
    commands.push_back(grant_command(missing, servers, principal));
  }
  for (const MissingRights& untold : asked.untold)
    commands.push_back(grant_command(untold, servers, principal));
  if (principal == "User:SUBJECT") {
    commands.emplace_back("SUBJECT is: openssl x509 -noout -subject -nameopt RFC2253 -in tls.crt");
  }
  std::string observed = fmt::format("{} lacks {}", principal, join_some(lacking, 10, "; "));
  if (!asked.unasked.empty()) observed += "; not asked: " + join_some(asked.unasked, 10, "; ");
  return failed(Finding{.reason = "PrivilegeMissing",
                        .observed = observed,
                        .expected = std::string(kNeeded),
                        .message = "an authorizer of the brokers refuses the task's account; brokers before "
                                   "Kafka 2.8 want IdempotentWrite on the cluster too",
                        .repair = join_some(commands, 20, "; ")});
}

}  // namespace

/// A tracker without a right would end at its first record, or at its first checkpoint, again and again.
CheckItem check_kafka_permissions(CheckContext& context) {
  const absl::StatusOr<Asked> asked = ask(context);
  if (!asked.ok()) return failed(asked.status(), std::string(kNeeded));
  if (!asked->missing.empty()) return missing_rights(context, *asked);
  if (!asked->fault.ok()) {
    CheckItem item = failed(asked->fault, "transactions as delivery ExactlyOnce needs them",
                            "see the brokers' log and their transaction.* settings, or set "
                            "spec.sink.kafka.delivery to AtLeastOnce");
    item.reason = "TransactionsUnavailable";
    return item;
  }
  if (asked->unasked.empty()) return passed("granted");
  return passed("granted, as far as was asked; not asked: " + join_some(asked->unasked, 10, "; "));
}

}  // namespace rowtide::precheck
