#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "common/task/consumer_group.h"
#include "common/task/group_status.h"
#include "common/task/parse.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/groups/group_memory.h"
#include "tracker/groups/group_place.h"
#include "tracker/groups/topic_reader.h"
#include "tracker/groups/topic_survey.h"

namespace rowtide::groups {

/// INVALID_ARGUMENT: what is wrong in a file of ConsumerGroups; NOT_FOUND, UNAVAILABLE: it is not there, or
/// cannot be read.
[[nodiscard]] absl::Status check_groups(const std::string& file, task::Mode mode);

struct KeeperParts {
  const task::Task& task;  ///< must have a Kafka sink, and outlive the keeper
  const task::SecretReader& secrets;
  record::TimestampUnit unit;
  using ListTopics = std::function<absl::StatusOr<std::vector<std::string>>()>;
  /// Those of the task's changes; `existing` asks the brokers which topics there are. Called from the
  /// keeper's thread.
  std::function<absl::StatusOr<std::vector<std::string>>(const ListTopics& existing)> topics;
  /// Among them that of the transactions' marks, which most consumers do not read.
  std::string marks_topic;
  std::string file;  ///< of ConsumerGroups; may change and be missing
  task::Mode mode = task::Mode::Standalone;
};

/// Keeps a task's consumer groups as their documents say: gives a new group its place, moves one when it is
/// told to, lets the principal in, and says how far each has read. A thread of its own with a client of its
/// own, from construction to destruction; what fails is said in the status and tried again.
class GroupKeeper {
 public:
  explicit GroupKeeper(KeeperParts parts);

  /// Ends what the keeper waits for; the destructor waits for it. For any thread.
  void stop() { thread_.request_stop(); }
  /// For any thread.
  [[nodiscard]] std::vector<task::GroupStatus> statuses() const;

 private:
  /// A group and what is known of it.
  struct Kept {
    task::ConsumerGroup group;
    task::GroupStatus status;
    TopicSurvey::Places places;
    std::vector<bool> passed_over{};  ///< of the same partitions: counted_places()
    Deadline grant_at{};              ///< when its access is granted again, whatever is noted
    bool is_refused = false;          ///< its newest document cannot be understood: nothing is done for it
  };

  void run(const std::stop_token& stop);
  void reload();
  [[nodiscard]] Kept kept_as(task::ConsumerGroup group, const std::vector<task::FieldError>& errors);
  [[nodiscard]] absl::Status look(const std::stop_token& stop);
  [[nodiscard]] absl::Status save_notes(const std::stop_token& stop = {});
  [[nodiscard]] absl::Status look_at(Kept& kept, const std::vector<PartitionView>& views, Deadline deadline);
  [[nodiscard]] absl::Status keep_place(Kept& kept, const std::vector<PartitionView>& views,
                                        Deadline deadline);
  [[nodiscard]] std::optional<std::int64_t> kept_ms(const std::string& topic) const;
  [[nodiscard]] absl::Status put(Kept& kept, const std::vector<PartitionView>& views, PlaceAction action,
                                 Deadline deadline);
  [[nodiscard]] absl::Status note_begun_move(const Kept& kept, const std::vector<PartitionView>& views);
  [[nodiscard]] absl::Status check_place(const Kept& kept, const std::vector<PartitionView>& views,
                                         Deadline deadline) const;
  [[nodiscard]] absl::Status check_end(const task::ConsumerGroup& group,
                                       const std::vector<PartitionView>& views,
                                       const TopicSurvey::Places& places, Deadline deadline) const;
  [[nodiscard]] absl::Status keep_access(Kept& kept, GroupNote known);
  [[nodiscard]] absl::Status delete_in_kafka(const task::ConsumerGroup& group);
  [[nodiscard]] absl::Status take_back_access(const task::ConsumerGroup& group, const GroupNote& known);
  [[nodiscard]] absl::Status load_notes_anew();
  [[nodiscard]] absl::Status check_claim(const task::ConsumerGroup& group);
  void give_up_claims();
  void note(const std::string& identity, GroupNote note);
  [[nodiscard]] absl::Status measure(Kept& kept, const std::vector<PartitionView>& views, Deadline deadline);
  [[nodiscard]] absl::StatusOr<GroupNote> note_of(const task::ConsumerGroup& group) const;
  void tell_unavailable(const absl::Status& status);
  void publish();

  const KeeperParts parts_;
  const task::KafkaSink& kafka_;

  // Of the keeper's thread.
  std::optional<TopicReader> reader_;
  TopicSurvey survey_;
  std::vector<std::string> topics_;
  std::optional<GroupNotes> notes_;
  Deadline notes_at_{};               ///< they were read
  std::set<std::string> unsaved_;     ///< identities whose notes are not in Kafka yet, or still there
  std::map<std::string, Kept> kept_;  ///< by identity
  std::string content_;               ///< the file's, as last read
  bool is_empty_ = false;             ///< the file, at the last look

  mutable std::mutex mutex_;  // guards what follows
  std::vector<task::GroupStatus> statuses_;

  std::jthread thread_;
};

}  // namespace rowtide::groups
