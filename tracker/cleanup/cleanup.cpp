#include "tracker/cleanup/cleanup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <map>
#include <set>

#include "common/status/try.h"
#include "tracker/checkpoint/kafka_checkpoint_store.h"
#include "tracker/cleanup/matching_topics.h"
#include "tracker/cleanup/topics_of_others.h"
#include "tracker/precheck/context.h"
#include "tracker/precheck/kafka_task_topics.h"
#include "tracker/sink/kafka_probe.h"
#include "tracker/sink/topic_deletion.h"
#include "tracker/sink/topic_name.h"

namespace rowtide::cleanup {
namespace {

constexpr std::chrono::seconds kTimeout{30};

/// Those of the whole task, there or not: one that the account may not see is to be told of. Those of tables
/// that are there.
absl::StatusOr<std::vector<std::string>> topics_of(const task::Task& task,
                                                   const task::SecretReader& secrets) {
  std::set<std::string> topics = precheck::topics_of_whole_task(task);
  if (sink::has_topic_per_table(task)) {
    ASSIGN_OR_RETURN(const sink::BrokerInfo cluster,
                     sink::probe_kafka(*task.spec.sink.kafka, secrets, kTimeout));
    std::vector<std::string> existing;
    for (const auto& [name, partitions] : cluster.topics) existing.push_back(name);
    ASSIGN_OR_RETURN(const std::vector<std::string> matching, matching_topics(task, existing));
    topics.insert(matching.begin(), matching.end());
    precheck::CheckContext context(task, secrets);
    for (const sink::TopicSpec& topic : precheck::kafka_task_topics(context)) {
      if (cluster.topics.contains(topic.name)) topics.insert(topic.name);
    }
  }
  topics.erase(std::string(checkpoint::kCheckpointTopic));  // every task's
  return std::vector<std::string>(topics.begin(), topics.end());
}

}  // namespace

absl::StatusOr<std::vector<std::string>> clean_up(const task::Task& task, const task::SecretReader& secrets) {
  ASSIGN_OR_RETURN(const std::vector<checkpoint::Owner> others,
                   checkpoint::other_owners(task, secrets, kTimeout));
  RETURN_IF_ERROR(checkpoint::remove_kafka_checkpoint(task, secrets, kTimeout));
  ASSIGN_OR_RETURN(std::vector<std::string> topics, topics_of(task, secrets));
  const std::map<std::string, std::string> theirs =
      topics_of_others(topics, checkpoint::owner_of(task), others);
  std::erase_if(topics, [&theirs](const std::string& topic) { return theirs.contains(topic); });
  ASSIGN_OR_RETURN(std::vector<std::string> deleted,
                   sink::delete_topics(*task.spec.sink.kafka, secrets, topics, kTimeout));
  if (theirs.empty()) return deleted;
  std::vector<std::string> left;
  for (const auto& [topic, other] : theirs) left.push_back(fmt::format("{} (of {})", topic, other));
  return absl::FailedPreconditionError(fmt::format(
      "the checkpoint is deleted{}{}; these topics are left, because the checkpoints of other tasks say that they may "
      "write there as well: {}; delete them if nobody needs them: kafka-topics.sh --bootstrap-server BROKER "
      "--delete --topic TOPIC",
      deleted.empty() ? "" : ", and so are the topics ", fmt::join(deleted, ", "), fmt::join(left, ", ")));
}

}  // namespace rowtide::cleanup
