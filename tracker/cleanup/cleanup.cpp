#include "tracker/cleanup/cleanup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <set>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "tracker/checkpoint/kafka_checkpoint_store.h"
#include "tracker/cleanup/matching_topics.h"
#include "tracker/cleanup/topics_of_others.h"
#include "tracker/precheck/kafka_task_topics.h"
#include "tracker/sink/kafka_probe.h"
#include "tracker/sink/topic_deletion.h"
#include "tracker/sink/topic_name.h"

namespace rowtide::cleanup {
namespace {

constexpr std::chrono::seconds kTimeout{30};

/// The brokers' topics with names that the task's could have.
absl::StatusOr<std::set<std::string>> topics_like_ours(const task::Task& task,
                                                       const task::SecretReader& secrets) {
  ASSIGN_OR_RETURN(const sink::BrokerInfo cluster,
                   sink::probe_kafka(*task.spec.sink.kafka, secrets, kTimeout));
  std::set<std::string> topics;
  for (const std::string& name : precheck::topics_of_whole_task(task)) {
    if (cluster.topics.contains(name)) topics.insert(name);
  }
  if (!sink::has_topic_per_table(task)) return topics;
  std::vector<std::string> existing;
  for (const auto& [name, partitions] : cluster.topics) existing.push_back(name);
  ASSIGN_OR_RETURN(const std::vector<std::string> matching, matching_topics(task, existing));
  topics.insert(matching.begin(), matching.end());
  topics.erase(std::string(checkpoint::kCheckpointTopic));
  return topics;
}

absl::Status with_checkpoint(const absl::Status& status) {
  return failure(
      status.code(), reason_of(status),
      fmt::format("{}; the checkpoint stays with them: a task made anew under this name goes on there",
                  text(status)));
}

}  // namespace

absl::StatusOr<Cleaned> clean_up(const task::Task& task, const task::SecretReader& secrets) {
  ASSIGN_OR_RETURN(const std::vector<checkpoint::Owner> others,
                   checkpoint::other_owners(task, secrets, kTimeout));
  Cleaned cleaned;
  std::map<std::string, std::string> theirs;
  const auto delete_topics = [&](const checkpoint::Traces& traces) -> absl::Status {
    std::set<std::string> written = traces.topics;
    // The tracker has not run since topics are noted: of whole names there can be no doubt.
    if (written.empty() && traces.has_checkpoint) written = precheck::topics_of_whole_task(task);
    ASSIGN_OR_RETURN(const std::set<std::string> like_ours, topics_like_ours(task, secrets));
    std::set_difference(like_ours.begin(), like_ours.end(), written.begin(), written.end(),
                        std::back_inserter(cleaned.left));
    std::vector<std::string> doomed(written.begin(), written.end());
    theirs = topics_of_others(doomed, checkpoint::owner_of(task), others);
    std::erase_if(doomed, [&](const std::string& topic) { return theirs.contains(topic); });
    absl::StatusOr<std::vector<std::string>> deleted =
        sink::delete_topics(*task.spec.sink.kafka, secrets, doomed, kTimeout);
    if (!deleted.ok()) return with_checkpoint(deleted.status());
    cleaned.deleted = *std::move(deleted);
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(checkpoint::remove_kafka_checkpoint(task, secrets, kTimeout, delete_topics));
  if (theirs.empty()) return cleaned;
  std::vector<std::string> left;
  for (const auto& [topic, other] : theirs) left.push_back(fmt::format("{} (of {})", topic, other));
  return absl::FailedPreconditionError(fmt::format(
      "the checkpoint is deleted{}{}; these topics are left, because the checkpoints of other tasks say that they may "
      "write there as well: {}; delete them if nobody needs them: kafka-topics.sh --bootstrap-server BROKER "
      "--delete --topic TOPIC",
      cleaned.deleted.empty() ? "" : ", and so are the topics ", fmt::join(cleaned.deleted, ", "),
      fmt::join(left, ", ")));
}

}  // namespace rowtide::cleanup
