#include "tracker/groups/group_keeper.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "common/status/reason.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "common/time/clock.h"
#include "common/time/sleep.h"
#include "tracker/groups/group_access.h"
#include "tracker/groups/group_admin.h"
#include "tracker/groups/group_rival.h"
#include "tracker/sink/kafka_topics.h"

namespace rowtide::groups {
namespace {

using std::chrono::seconds;

constexpr seconds kFileInterval{2};
constexpr seconds kLookInterval{10};
constexpr seconds kCallTimeout{10};
constexpr seconds kSurveyTimeout{30};
constexpr seconds kCountTime{3};
constexpr seconds kRivalInterval{30};              // how often a group that is refused asks again
constexpr std::chrono::minutes kGrantInterval{5};  // what somebody else took back is granted anew
constexpr double kMsPerSecond = 1000;

Deadline deadline_in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

std::vector<Partition> partitions_of(const std::vector<PartitionView>& views) {
  std::vector<Partition> partitions;
  for (const PartitionView& view : views) partitions.push_back(view.partition);
  return partitions;
}

task::GroupOutcome outcome_of(const absl::Status& status, std::string_view done_reason) {
  if (status.ok()) return {.is_done = true, .reason = std::string(done_reason), .message = {}};
  std::string reason = reason_of(status);
  if (reason.empty()) reason = absl::IsUnavailable(status) ? "KafkaUnavailable" : "Failed";
  return {.is_done = false, .reason = std::move(reason), .message = std::string(text(status))};
}

/// NOT_FOUND: there is no such file; UNAVAILABLE: it cannot be read now.
absl::StatusOr<std::string> content_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  if (stream.is_open() && (stream.peek() == std::ifstream::traits_type::eof() || content << stream.rdbuf()))
    return content.str();
  std::error_code error;
  const std::string message = file + ": cannot be read; give the path of a file of ConsumerGroups";
  if (!std::filesystem::exists(file, error) && !error) return absl::NotFoundError(message);
  return absl::UnavailableError(message);
}

std::string lines_of(const std::vector<task::FieldError>& errors) {
  std::string lines = task::to_string(errors);
  if (!lines.empty()) lines.pop_back();
  return lines;
}

std::string invalid_text(const std::string& file, const std::vector<task::FieldError>& errors) {
  return fmt::format("{} holds ConsumerGroups that are not valid:\n{}", file, task::to_string(errors));
}

}  // namespace

absl::Status check_groups(const std::string& file, task::Mode mode) {
  ASSIGN_OR_RETURN(const std::string content, content_of(file));
  const task::ConsumerGroupsResult read = task::parse_consumer_groups(content, mode);
  return read.ok() ? absl::OkStatus() : absl::InvalidArgumentError(invalid_text(file, read.errors));
}

GroupKeeper::GroupKeeper(KeeperParts parts)
    : parts_(std::move(parts)),
      kafka_(*parts_.task.spec.sink.kafka),
      survey_(parts_.unit),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

std::vector<task::GroupStatus> GroupKeeper::statuses() const {
  const std::lock_guard lock(mutex_);
  return statuses_;
}

void GroupKeeper::run(const std::stop_token& stop) {
  Deadline next_look{};
  while (!stop.stop_requested()) {
    const std::string before = content_;
    reload();
    if (content_ != before || std::chrono::steady_clock::now() >= next_look) {
      const absl::Status status = kept_.empty() && unsaved_.empty() ? absl::OkStatus() : look(stop);
      if (!status.ok() && !stop.stop_requested()) {
        spdlog::warn("Consumer groups: {}", text(status));
        tell_unavailable(status);
        reader_.reset();  // its password may have changed
      }
      publish();
      next_look = deadline_in(kLookInterval);
    }
    sleep_for(kFileInterval, stop);
  }
}

/// Numbers of before say nothing any more.
void GroupKeeper::tell_unavailable(const absl::Status& status) {
  for (auto& [identity, kept] : kept_) {
    if (kept.is_refused) continue;
    if (!kept.status.checkpoint.is_done) kept.status.checkpoint = outcome_of(status, {});
    kept.status.unconsumed_records.reset();
    kept.status.delay_seconds.reset();
  }
}

/// A file that is missing holds no groups; one that cannot be read or is wrong changes nothing. In
/// Kubernetes, where each document is another's, only the group is left whose document is wrong.
void GroupKeeper::reload() {
  const absl::StatusOr<std::string> content = content_of(parts_.file);
  if (!content.ok() && !absl::IsNotFound(content.status())) return;
  const std::string now = content.ok() ? *content : std::string();
  // A file is empty for a moment while it is written in place: no reason to give up the groups' claims.
  const bool was_empty = std::exchange(is_empty_, content.ok() && now.empty());
  if (now == content_ || (is_empty_ && !was_empty)) return;
  task::ConsumerGroupsResult read = task::parse_consumer_groups(now, parts_.mode);
  content_ = now;
  if (!read.ok()) {
    const bool are_apart = parts_.mode == task::Mode::Kubernetes && !read.groups.empty();
    spdlog::warn("{}; {}", invalid_text(parts_.file, read.errors),
                 are_apart ? "nothing is done for these" : "the groups stay as they are");
    if (!are_apart) return;
  }
  if (parts_.mode == task::Mode::Standalone && read.groups.empty())
    spdlog::warn("{} holds no document of kind ConsumerGroup", parts_.file);
  std::map<std::string, Kept> kept;
  for (std::size_t i = 0; i < read.groups.size(); ++i) {
    task::ConsumerGroup& group = read.groups[i];
    if (group.task != parts_.task.name || group.group_namespace != parts_.task.task_namespace) {
      spdlog::warn("{}: the ConsumerGroup {}/{} is of the task {}/{}, and this is {}/{}: it is passed over",
                   parts_.file, group.group_namespace, group.name, group.group_namespace, group.task,
                   parts_.task.task_namespace, parts_.task.name);
      continue;
    }
    const std::string identity = identity_of(group);
    kept.insert_or_assign(identity, kept_as(std::move(group), read.errors_of[i]));
  }
  kept_ = std::move(kept);
  give_up_claims();
}

/// What is known of the group already, with its newest document.
GroupKeeper::Kept GroupKeeper::kept_as(task::ConsumerGroup group,
                                       const std::vector<task::FieldError>& errors) {
  const auto known = kept_.find(identity_of(group));
  Kept kept;
  if (known != kept_.end()) kept = std::move(known->second);
  task::GroupStatus& status = kept.status;
  // What was said of another document is not said of this one.
  if (kept.group.generation != group.generation || kept.group.uid.empty() || kept.is_refused)
    status.checkpoint = status.access = status.deletion = {};
  status.name = group.name;
  status.uid = group.uid;
  status.generation = group.generation;
  status.group_id = group.group_id;
  kept.is_refused = !errors.empty();
  if (kept.is_refused) {
    status.checkpoint = status.access =
        status.deletion = {.is_done = false, .reason = "InvalidDocument", .message = lines_of(errors)};
    status.state.clear();
    status.unconsumed_records.reset();
    status.delay_seconds.reset();
    kept.places.clear();
  }
  kept.group = std::move(group);
  return kept;
}

absl::Status GroupKeeper::look(const std::stop_token& stop) {
  const Deadline deadline = deadline_in(kSurveyTimeout);
  if (!reader_) {
    ASSIGN_OR_RETURN(reader_, TopicReader::open(kafka_, parts_.secrets));
  }
  RETURN_IF_ERROR(reader_->reach(deadline, stop));
  if (!notes_) {
    ASSIGN_OR_RETURN(notes_, load_notes(kafka_, parts_.secrets, deadline));
    notes_at_ = std::chrono::steady_clock::now();
    give_up_claims();
  }
  RETURN_IF_ERROR(save_notes(stop));
  ASSIGN_OR_RETURN(topics_, parts_.topics([&] { return reader_->topics(deadline); }));
  std::sort(topics_.begin(), topics_.end());
  ASSIGN_OR_RETURN(const std::vector<PartitionView> views, survey_.look(*reader_, topics_, deadline));
  absl::Status first;
  std::vector<TopicSurvey::Places> places;
  for (auto& [identity, kept] : kept_) {
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    if (kept.is_refused) continue;
    const absl::Status status = look_at(kept, views, deadline_in(kCallTimeout));
    if (absl::IsUnavailable(status)) first.Update(status);
    if (kept.places.size() == views.size())
      places.push_back(counted_places(views, kept.places, kept.passed_over));
    if (absl::IsUnavailable(status)) break;  // the others' questions would wait as long
  }
  first.Update(save_notes(stop));
  RETURN_IF_ERROR(first);
  RETURN_IF_ERROR(survey_.count(*reader_, views, places, deadline_in(kCountTime)));
  for (auto& [identity, kept] : kept_) {
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    if (kept.is_refused) continue;
    RETURN_IF_ERROR(measure(kept, views, deadline_in(kCallTimeout)));
  }
  return absl::OkStatus();
}

/// What was done is known here at once, so that it is not done again, and is saved until it is saved.
absl::Status GroupKeeper::save_notes(const std::stop_token& stop) {
  while (!unsaved_.empty()) {
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    const std::string identity = *unsaved_.begin();
    const auto known = notes_->find(identity);
    const Deadline deadline = deadline_in(kCallTimeout);
    RETURN_IF_ERROR(known == notes_->end()
                        ? forget_note(kafka_, parts_.secrets, identity, deadline)
                        : save_note(kafka_, parts_.secrets, identity, *known->second, deadline));
    unsaved_.erase(identity);
  }
  return absl::OkStatus();
}

/// What is not saved yet is newer here than in Kafka.
absl::Status GroupKeeper::load_notes_anew() {
  const Deadline deadline = deadline_in(kSurveyTimeout);
  ASSIGN_OR_RETURN(GroupNotes notes, load_notes(kafka_, parts_.secrets, deadline));
  for (const std::string& identity : unsaved_) {
    notes.erase(identity);
    if (const auto known = notes_->find(identity); known != notes_->end())
      notes.emplace(identity, known->second);
  }
  notes_ = std::move(notes);
  notes_at_ = std::chrono::steady_clock::now();
  return absl::OkStatus();
}

/// Whether the group is this ConsumerGroup's to move and to delete. Asked of what the others' trackers have
/// noted by now.
absl::Status GroupKeeper::check_claim(const task::ConsumerGroup& group) {
  const absl::Status before = check_rivals(group, *notes_, now_ms());
  if (!before.ok() && std::chrono::steady_clock::now() < notes_at_ + kRivalInterval) return before;
  RETURN_IF_ERROR(load_notes_anew());
  return check_rivals(group, *notes_, now_ms());
}

/// Of this task's documents that are no more: another ConsumerGroup may have their groups.
void GroupKeeper::give_up_claims() {
  if (!notes_) return;
  const std::string own = parts_.task.task_namespace + "/" + parts_.task.name + "/";
  for (auto& [identity, known] : *notes_) {
    if (!known.ok() || known->group_id.empty() || !known->owner.starts_with(own)) continue;
    if (kept_.contains(identity)) continue;
    known->group_id.clear();
    unsaved_.insert(identity);
  }
}

void GroupKeeper::note(const std::string& identity, GroupNote note) {
  const auto known = notes_->find(identity);
  if (known != notes_->end() && known->second.ok() && *known->second == note) return;
  notes_->insert_or_assign(identity, std::move(note));
  unsaved_.insert(identity);
}

absl::Status GroupKeeper::look_at(Kept& kept, const std::vector<PartitionView>& views, Deadline deadline) {
  const task::ConsumerGroup& group = kept.group;
  task::GroupStatus& status = kept.status;
  status.sampled_at_ms = now_ms();
  if (group.is_being_deleted) {
    absl::Status deleted;
    if (group.deletion == task::DeletionPolicy::Delete) deleted = delete_in_kafka(group);
    status.deletion = outcome_of(deleted, "Deleted");
    kept.places.clear();
    return deleted;
  }
  const absl::Status place = keep_place(kept, views, deadline);
  status.checkpoint = outcome_of(place, "Applied");
  if (absl::IsUnavailable(place)) return place;
  if (reason_of(place) == kDuplicateGroup) {
    status.access = outcome_of(place, {});
    return place;
  }
  ASSIGN_OR_RETURN(const GroupNote known, note_of(group));
  if (group.principal.empty() && known.principal.empty()) return place;
  const absl::Status access = keep_access(kept, known);
  status.access = outcome_of(access, "Granted");
  if (reason_of(access) == kNoAuthorizer) status.access.is_done = true;
  return absl::IsUnavailable(access) ? access : place;
}

absl::StatusOr<GroupNote> GroupKeeper::note_of(const task::ConsumerGroup& group) const {
  const auto known = notes_->find(identity_of(group));
  return known == notes_->end() ? GroupNote() : known->second;
}

absl::Status GroupKeeper::keep_place(Kept& kept, const std::vector<PartitionView>& views, Deadline deadline) {
  const task::ConsumerGroup& group = kept.group;
  kept.places.clear();  // those of before say nothing any more
  ASSIGN_OR_RETURN(const GroupState state, describe_group(reader_->client(), group.group_id, deadline));
  kept.status.state = state.name;
  kept.status.members = state.members;
  const std::vector<Partition> partitions = partitions_of(views);
  ASSIGN_OR_RETURN(const auto committed,
                   committed_places(reader_->client(), group.group_id, partitions, deadline));
  kept.places.assign(views.size(), std::nullopt);
  kept.passed_over.assign(views.size(), false);
  for (std::size_t i = 0; i < committed.size(); ++i) {
    if (committed[i]) kept.places[i] = committed[i]->offset;
    kept.passed_over[i] = views[i].partition.topic == parts_.marks_topic && is_of_nobody(committed[i]);
  }
  if (views.empty()) {
    return failure(
        absl::StatusCode::kFailedPrecondition, "TopicMissing",
        fmt::format("consumer group {} has no place yet: none of the task's topics is there; it gets "
                    "one when the first is made",
                    group.group_id));
  }
  ASSIGN_OR_RETURN(GroupNote known, note_of(group));
  if (known.group_id != group.group_id) {
    RETURN_IF_ERROR(check_claim(group));
    deadline = deadline_in(kCallTimeout);
  }
  claim(group, now_ms(), known);
  note(identity_of(group), known);
  // A move of before that nobody could note.
  known.applied_nonce = std::max(known.applied_nonce, move_noted(committed).value_or(0));
  if (known.move && known.move->nonce > known.applied_nonce &&
      is_carried_out(*known.move, partitions, committed)) {
    spdlog::info("The move {} of consumer group {} was carried out before, and could not be noted",
                 known.move->nonce, group.group_id);
    known.applied_nonce = known.move->nonce;
  }
  kept.status.applied_nonce = known.applied_nonce;
  switch (const PlaceAction action = decide_place(group, known, kept.places)) {
    case PlaceAction::Keep:
      break;
    case PlaceAction::Lost:
      return failure(
          absl::StatusCode::kFailedPrecondition, "OffsetsExpired",
          fmt::format(
              "Kafka has forgotten where consumer group {} was (offsets.retention.minutes "
              "passed without a consumer, or its topics were deleted); say where it goes on: set spec.checkpoint, and "
              "spec.checkpointNonce to {}",
              group.group_id, known.applied_nonce + 1));
    case PlaceAction::Complete:
    case PlaceAction::Fill:
      // Members have their own way with partitions that are new.
      if (kept.status.members > 0) return check_place(kept, views, deadline);
      RETURN_IF_ERROR(put(kept, views, action, deadline));
      break;
    case PlaceAction::Begin:
    case PlaceAction::Move:
      RETURN_IF_ERROR(put(kept, views, action, deadline));
      break;
  }
  known.has_begun = true;
  known.move.reset();
  known.applied_nonce = std::max(known.applied_nonce, group.checkpoint_nonce);
  kept.status.applied_nonce = known.applied_nonce;
  note(identity_of(group), std::move(known));
  return check_place(kept, views, deadline);
}

absl::Status GroupKeeper::check_place(const Kept& kept, const std::vector<PartitionView>& views,
                                      Deadline deadline) const {
  const task::ConsumerGroup& group = kept.group;
  const TopicSurvey::Places places = counted_places(views, kept.places, kept.passed_over);
  RETURN_IF_ERROR(check_end(group, views, places, deadline));
  const std::string lost = lost_before(views, places);
  if (lost.empty()) return absl::OkStatus();
  return failure(
      absl::StatusCode::kFailedPrecondition, "RecordsDeleted",
      fmt::format("what consumer group {} would read next was deleted by the topic's retention: {}; "
                  "its consumers go on by their auto.offset.reset, so that these are lost to them; "
                  "raise spec.sink.kafka.topic.retentionHours of the task",
                  group.group_id, lost));
}

/// The ends of the look are older than the places, and those of committed readers: on a busy topic consumers
/// stand behind them, and those that read uncommitted do during any transaction. Only the ends of now, with
/// what is not committed, say that a topic was made anew.
absl::Status GroupKeeper::check_end(const task::ConsumerGroup& group, const std::vector<PartitionView>& views,
                                    const TopicSurvey::Places& places, Deadline deadline) const {
  std::vector<PartitionView> doubted;
  TopicSurvey::Places doubted_places;
  for (std::size_t i = 0; i < views.size(); ++i) {
    if (!places[i] || *places[i] <= views[i].ends.end) continue;
    doubted.push_back(views[i]);
    doubted_places.push_back(places[i]);
  }
  if (doubted.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(TopicReader reader, TopicReader::open(kafka_, parts_.secrets, Isolation::Uncommitted));
  ASSIGN_OR_RETURN(const std::vector<PartitionEnds> ends, reader.ends(partitions_of(doubted), deadline));
  for (std::size_t i = 0; i < doubted.size(); ++i) doubted[i].ends = ends[i];
  const std::string beyond = beyond_end(doubted, doubted_places);
  if (beyond.empty()) return absl::OkStatus();
  return failure(
      absl::StatusCode::kFailedPrecondition, "OffsetBeyondEnd",
      fmt::format("consumer group {} stands behind the topics' ends, as if they had been deleted and "
                  "made anew: {}; say where it goes on: set spec.checkpoint and a higher "
                  "spec.checkpointNonce",
                  group.group_id, beyond));
}

/// For how long the topic keeps records; nullopt: for ever, or it is not known. Where Kafka's retention
/// cannot do it, the tracker deletes what is older.
std::optional<std::int64_t> GroupKeeper::kept_ms(const std::string& topic) const {
  if (parts_.unit == record::TimestampUnit::Seconds)
    return std::chrono::milliseconds(std::chrono::hours(kafka_.topic.retention_hours)).count();
  sink::TopicInfo facts;
  sink::read_topic_config(reader_->client(), topic, kCallTimeout, facts);
  std::int64_t kept = 0;
  return absl::SimpleAtoi(facts.retention_ms, &kept) && kept > 0 ? std::optional(kept) : std::nullopt;
}

/// Puts the group where spec.checkpoint says; where it has a place already only to begin or to move.
absl::Status GroupKeeper::put(Kept& kept, const std::vector<PartitionView>& views, PlaceAction action,
                              Deadline deadline) {
  const task::ConsumerGroup& group = kept.group;
  if (kept.status.members > 0) {
    return failure(absl::StatusCode::kFailedPrecondition, kMembersActive,
                   fmt::format("consumer group {} has {} active members, whose place is theirs; stop its "
                               "consumers, and it is moved",
                               group.group_id, kept.status.members));
  }
  const bool only_missing = action == PlaceAction::Complete || action == PlaceAction::Fill;
  const bool is_later = action == PlaceAction::Complete;  // made after the group: all of it is new to it
  std::vector<std::optional<std::int64_t>> at(views.size());
  if (!is_later && group.start == task::GroupStart::Timestamp) {
    RETURN_IF_ERROR(check_start_time(group, views, now_ms()));
    for (const PartitionView& view : views) {
      if (check_emptied(group, view, std::nullopt, now_ms()).ok()) continue;
      RETURN_IF_ERROR(check_emptied(group, view, kept_ms(view.partition.topic), now_ms()));
    }
    const std::int64_t per_unit = parts_.unit == record::TimestampUnit::Seconds ? 1'000'000 : 1'000;
    ASSIGN_OR_RETURN(at, reader_->offsets_at(partitions_of(views), group.start_us / per_unit, deadline));
  }
  TopicSurvey::Places places = kept.places;
  std::vector<std::pair<Partition, std::int64_t>> offsets;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const PartitionView& view = views[i];
    if (only_missing && kept.places[i]) continue;
    const bool from_beginning = is_later || group.start == task::GroupStart::Earliest;
    const std::int64_t offset = from_beginning ? view.ends.begin : at[i].value_or(view.ends.end);
    offsets.emplace_back(view.partition, offset);
    places[i] = offset;
  }
  RETURN_IF_ERROR(check_claim(group));
  if (action == PlaceAction::Move) RETURN_IF_ERROR(note_begun_move(kept, views));
  const absl::Status set = set_offsets(reader_->client(), group.group_id, offsets,
                                       note_of_move(group.checkpoint_nonce), deadline_in(kCallTimeout));
  if (action == PlaceAction::Move && !set.ok() && !absl::IsUnavailable(set)) {
    // Refused: what consumers commit from now on does not come of it.
    ASSIGN_OR_RETURN(GroupNote known, note_of(group));
    known.move.reset();
    note(identity_of(group), std::move(known));
  }
  RETURN_IF_ERROR(set);
  kept.places = std::move(places);
  kept.status.state = "Empty";
  spdlog::info("Consumer group {} was given its place in {} partitions", group.group_id, offsets.size());
  return absl::OkStatus();
}

/// In Kafka, before anything is moved: without it, a move that nobody could note would be done again after a
/// restart, under consumers that have read on since.
absl::Status GroupKeeper::note_begun_move(const Kept& kept, const std::vector<PartitionView>& views) {
  ASSIGN_OR_RETURN(GroupNote known, note_of(kept.group));
  known.move = BegunMove{.nonce = kept.group.checkpoint_nonce, .from = {}};
  for (std::size_t i = 0; i < views.size(); ++i) known.move->from[views[i].partition] = kept.places[i];
  note(identity_of(kept.group), known);
  const absl::Status saved = save_notes();
  if (!saved.ok()) {  // nothing is moved: what consumers commit from now on does not come of it
    known.move.reset();
    note(identity_of(kept.group), std::move(known));
  }
  return saved;
}

absl::Status GroupKeeper::keep_access(Kept& kept, GroupNote known) {
  const task::ConsumerGroup& group = kept.group;
  const std::string identity = identity_of(group);
  if (!known.principal.empty() && known.principal != group.principal) {
    RETURN_IF_ERROR(take_back_access(group, known));
    known.principal.clear();
    known.topics.clear();
    note(identity, known);
  }
  if (group.principal.empty()) return absl::OkStatus();
  std::vector<std::string> topics = topics_;
  topics.insert(topics.end(), known.topics.begin(), known.topics.end());
  std::sort(topics.begin(), topics.end());
  topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
  const bool is_known = known.principal == group.principal && known.topics == topics;
  if (is_known && std::chrono::steady_clock::now() < kept.grant_at) return absl::OkStatus();
  RETURN_IF_ERROR(
      grant_read(reader_->client(), group.principal, group.group_id, topics, deadline_in(kCallTimeout)));
  kept.grant_at = deadline_in(kGrantInterval);
  known.principal = group.principal;
  known.topics = std::move(topics);
  note(identity, std::move(known));
  return absl::OkStatus();
}

/// Topics that the principal may read for another group, of whichever task, stay readable.
absl::Status GroupKeeper::take_back_access(const task::ConsumerGroup& group, const GroupNote& known) {
  RETURN_IF_ERROR(load_notes_anew());  // other trackers note theirs while this one runs
  std::set<std::string> kept;
  for (const auto& [identity, other] : *notes_) {
    if (identity == identity_of(group) || !other.ok() || other->principal != known.principal) continue;
    kept.insert(other->topics.begin(), other->topics.end());
  }
  std::vector<std::string> topics;
  std::copy_if(known.topics.begin(), known.topics.end(), std::back_inserter(topics),
               [&](const std::string& topic) { return !kept.contains(topic); });
  const absl::Status revoked =
      revoke_read(reader_->client(), known.principal, group.group_id, topics, deadline_in(kCallTimeout));
  return reason_of(revoked) == kNoAuthorizer ? absl::OkStatus() : revoked;
}

absl::Status GroupKeeper::delete_in_kafka(const task::ConsumerGroup& group) {
  ASSIGN_OR_RETURN(GroupNote known, note_of(group));
  if (const absl::Status refused = check_claim(group); !refused.ok()) {
    // Of two that have it, the one that goes leaves it to the other.
    if (!absl::IsUnavailable(refused) && !known.group_id.empty()) {
      known.group_id.clear();
      note(identity_of(group), std::move(known));
    }
    return refused;
  }
  RETURN_IF_ERROR(delete_group(reader_->client(), group.group_id, deadline_in(kCallTimeout)));
  if (!known.principal.empty()) RETURN_IF_ERROR(take_back_access(group, known));
  if (notes_->erase(identity_of(group)) > 0) unsaved_.insert(identity_of(group));
  return absl::OkStatus();
}

absl::Status GroupKeeper::measure(Kept& kept, const std::vector<PartitionView>& views, Deadline deadline) {
  task::GroupStatus& status = kept.status;
  status.data_begin_ms = data_begin_ms(views).value_or(0);
  status.data_end_ms = data_end_ms(views).value_or(0);
  const bool has_any = std::any_of(kept.places.begin(), kept.places.end(),
                                   [](const auto& place) { return place.has_value(); });
  if (kept.places.size() != views.size() || !has_any) {
    status.unconsumed_records.reset();
    status.delay_seconds.reset();
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(
      const Unconsumed unconsumed,
      survey_.unconsumed(*reader_, views, counted_places(views, kept.places, kept.passed_over), deadline));
  status.unconsumed_records = unconsumed.records;
  status.is_being_counted = !unconsumed.is_exact;
  const std::int64_t now = now_ms();
  status.delay_seconds =
      unconsumed.first_ms
          ? static_cast<double>(std::max<std::int64_t>(now - *unconsumed.first_ms, 0)) / kMsPerSecond
          : 0;
  status.consumption_checkpoint_ms = unconsumed.first_ms.value_or(status.data_end_ms);
  return absl::OkStatus();
}

void GroupKeeper::publish() {
  std::vector<task::GroupStatus> statuses;
  for (const auto& [identity, kept] : kept_) statuses.push_back(kept.status);
  const std::lock_guard lock(mutex_);
  statuses_ = std::move(statuses);
}

}  // namespace rowtide::groups
