#include "tracker/run/checkpointer.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>
#include <vector>

#include "common/status/text.h"
#include "common/status/try.h"
#include "common/time/clock.h"
#include "common/time/sleep.h"
#include "tracker/run/retry.h"

namespace rowtide::run {
namespace {

constexpr std::chrono::milliseconds kSaveInterval{500};

std::vector<checkpoint::SchemaEntry> entries_of(const std::vector<schema::SavedSchema>& schemas) {
  std::vector<checkpoint::SchemaEntry> entries;
  entries.reserve(schemas.size());
  for (const schema::SavedSchema& each : schemas) entries.push_back({each.key, each.value});
  return entries;
}

}  // namespace

void Checkpointer::begin(schema::SchemaHistory& history, std::uint64_t saved_version) {
  history_ = &history;
  saved_topics_ = 0;
  const std::lock_guard lock(mutex_);
  saved_version_ = saved_version;
}

void Checkpointer::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    if (sink::Transactional* sink = parts_.sink.transactional(); sink != nullptr) {
      commit_when_due(*sink, stop);
    } else {
      save_every_so_often(stop);
    }
  });
}

void Checkpointer::save_every_so_often(const std::stop_token& stop) {
  std::string said;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      hurried_.wait_for(lock, stop, kSaveInterval, [this] { return is_hurried_; });
      is_hurried_ = false;
    }
    absl::Status status = save_durable();
    // A disk that is full fails each time: said once.
    if (status.ok() && !said.empty()) spdlog::info("The checkpoint is saved again");
    if (!status.ok() && said != text(status)) spdlog::warn("The checkpoint was not saved: {}", text(status));
    said = text(status);
    if (status.ok()) continue;
    note_failure(status);
    if (is_retryable(status)) continue;
    parts_.source.interrupt();  // the reading thread asks for failure()
    return;
  }
}

/// What fails here is the sink's failure too: the reading thread meets it and deals with it.
void Checkpointer::commit_when_due(sink::Transactional& sink, const std::stop_token& stop) {
  while (sink.wait_until_due(stop).ok()) {
    if (!commit(sink, stop).ok()) sleep_for(kSaveInterval, stop);
  }
}

absl::Status Checkpointer::save(const std::stop_token& stop) {
  if (sink::Transactional* sink = parts_.sink.transactional(); sink != nullptr) return commit(*sink, stop);
  return save_durable();
}

absl::Status Checkpointer::commit(sink::Transactional& sink, const std::stop_token& stop) {
  const std::int64_t now = now_ms();
  std::vector<schema::SavedSchema> unsaved;
  std::vector<std::string> topics;
  const auto state = [&](const binlog::Position& position) {
    unsaved = history_->unsaved(saved_version());
    topics = parts_.sink.topics(saved_topics_);
    return parts_.checkpoint_records({.position = position, .saved_at_ms = now}, entries_of(unsaved), topics);
  };
  ASSIGN_OR_RETURN(const std::optional<binlog::Position> committed, sink.commit(state, stop));
  if (!committed.has_value()) return absl::OkStatus();
  history_->mark_saved(unsaved);
  saved_topics_ += topics.size();
  on_delivered_(*committed);
  remember(*committed, now);
  return absl::OkStatus();
}

absl::Status Checkpointer::save_durable() {
  const std::optional<binlog::Position> durable = parts_.sink.durable();
  if (!durable) return absl::OkStatus();
  on_delivered_(*durable);
  if (saved() == durable) return absl::OkStatus();
  const std::int64_t now = now_ms();
  if (parts_.checkpoints != nullptr) {
    const checkpoint::Checkpoint checkpoint{.position = *durable, .saved_at_ms = now};
    absl::Status status = save_with_state(checkpoint);
    if (absl::IsNotFound(status)) {
      spdlog::warn("{}; everything is saved anew", text(status));
      history_->mark_unsaved();
      saved_topics_ = 0;
      status = save_with_state(checkpoint);
    }
    RETURN_IF_ERROR(status);
  }
  remember(*durable, now);
  return absl::OkStatus();
}

absl::Status Checkpointer::save_with_state(const checkpoint::Checkpoint& checkpoint) {
  const std::vector<schema::SavedSchema> unsaved = history_->unsaved(saved_version());
  if (!unsaved.empty()) {
    RETURN_IF_ERROR(parts_.checkpoints->save_schemas(entries_of(unsaved)));
    history_->mark_saved(unsaved);
  }
  if (const std::vector<std::string> topics = parts_.sink.topics(saved_topics_); !topics.empty()) {
    RETURN_IF_ERROR(parts_.checkpoints->save_topics(topics));
    saved_topics_ += topics.size();
  }
  return parts_.checkpoints->save(checkpoint);
}

void Checkpointer::note_failure(const absl::Status& status) {
  {
    const std::lock_guard lock(mutex_);
    last_failure_ = status;
  }
  ++failures_;
}

void Checkpointer::remember(const binlog::Position& position, std::int64_t at_ms) {
  const std::lock_guard lock(mutex_);
  saved_ = position;
  saved_version_ = position.schema_version;
  saved_at_ms_ = at_ms;
}

std::uint64_t Checkpointer::saved_version() const {
  const std::lock_guard lock(mutex_);
  return saved_version_;
}

void Checkpointer::hurry() {
  {
    const std::lock_guard lock(mutex_);
    is_hurried_ = true;
  }
  hurried_.notify_all();
}

std::optional<binlog::Position> Checkpointer::saved() const {
  const std::lock_guard lock(mutex_);
  return saved_;
}

absl::Status Checkpointer::failure() const {
  absl::Status status = last_failure();
  return is_retryable(status) ? absl::OkStatus() : status;
}

absl::Status Checkpointer::last_failure() const {
  const std::lock_guard lock(mutex_);
  return last_failure_;
}

std::int64_t Checkpointer::saved_at_ms() const {
  const std::lock_guard lock(mutex_);
  return saved_at_ms_;
}

}  // namespace rowtide::run
