#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/checkpoint/checkpoint_store.h"
#include "tracker/source/event_source.h"

namespace rowtide::commands {

// Parts that take the source's address from the task when they are made: where the address must be looked up
// first, at their first use.

/// Threads as EventSource.
class DeferredSource final : public source::EventSource {
 public:
  explicit DeferredSource(std::function<std::unique_ptr<source::EventSource>()> make)
      : make_(std::move(make)) {}

  [[nodiscard]] absl::Status open(const binlog::Position& from) override;
  [[nodiscard]] absl::StatusOr<Bytes> next() override { return source_->next(); }
  void interrupt() override;
  void close() override;
  [[nodiscard]] const source::SourceInfo& info() const override;
  [[nodiscard]] std::uint64_t idle_offset() const override { return source_->idle_offset(); }

 private:
  const std::function<std::unique_ptr<source::EventSource>()> make_;
  std::mutex mutex_;  // guards what follows while it is made
  bool is_interrupted_ = false;
  std::unique_ptr<source::EventSource> source_;
};

/// Made by load(), which comes first.
class DeferredCheckpoints final : public checkpoint::CheckpointStore {
 public:
  explicit DeferredCheckpoints(std::function<std::unique_ptr<checkpoint::CheckpointStore>()> make)
      : make_(std::move(make)) {}

  [[nodiscard]] absl::StatusOr<std::optional<checkpoint::Checkpoint>> load() override {
    if (store_ == nullptr) store_ = make_();
    return store_->load();
  }
  [[nodiscard]] std::string remark() const override { return store_ == nullptr ? "" : store_->remark(); }
  [[nodiscard]] absl::Status save(const checkpoint::Checkpoint& checkpoint) override {
    return store_->save(checkpoint);
  }
  [[nodiscard]] absl::StatusOr<std::vector<checkpoint::SchemaEntry>> load_schemas() override {
    return store_->load_schemas();
  }
  [[nodiscard]] absl::Status save_schemas(const std::vector<checkpoint::SchemaEntry>& entries) override {
    return store_->save_schemas(entries);
  }
  [[nodiscard]] absl::Status save_topics(const std::vector<std::string>& topics) override {
    return store_->save_topics(topics);
  }

 private:
  const std::function<std::unique_ptr<checkpoint::CheckpointStore>()> make_;
  std::unique_ptr<checkpoint::CheckpointStore> store_;
};

}  // namespace rowtide::commands
