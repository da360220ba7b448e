#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/status/try.h"
#include "common/task/spec.h"
#include "common/time/sleep.h"
#include "tests/support/wait_until.h"
#include "tests/unit/tracker/binlog/event_bytes.h"
#include "tracker/run/parts.h"
#include "tracker/sql/session.h"

namespace rowtide::run {

// Fakes of what a task is run with. They fail when told to, and the sink keeps back what it has "written"
// while it is corked: order and moments that no real part can be made to show.

/// A source whose events a test gives; each open() is noted.
class FakeSource final : public source::EventSource {
 public:
  [[nodiscard]] absl::Status open(const binlog::Position& from) override {
    const std::lock_guard lock(mutex_);
    opened_at.push_back(from);
    if (open_failures.empty()) return absl::OkStatus();
    absl::Status failure = open_failures.front();
    open_failures.pop_front();
    return failure;
  }
  [[nodiscard]] absl::StatusOr<Bytes> next() override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(20), [&] { return interrupted_ || !steps_.empty(); });
    if (interrupted_) return absl::CancelledError("interrupted");
    if (steps_.empty()) return Bytes{};
    absl::StatusOr<std::string> step = steps_.front();
    steps_.pop_front();
    if (!step.ok()) return step.status();
    event_ = *std::move(step);
    return as_bytes(event_);
  }
  void interrupt() override {
    const std::lock_guard lock(mutex_);
    interrupted_ = !ignores_interruptions_;
    changed_.notify_all();
  }
  void close() override {}
  void ignore_interruptions() {
    const std::lock_guard lock(mutex_);
    ignores_interruptions_ = true;
  }
  [[nodiscard]] const source::SourceInfo& info() const override { return info_; }

  /// An event, or a failure.
  void give(absl::StatusOr<std::string> step) {
    const std::lock_guard lock(mutex_);
    steps_.push_back(std::move(step));
    changed_.notify_all();
  }
  [[nodiscard]] std::vector<binlog::Position> openings() {
    const std::lock_guard lock(mutex_);
    return opened_at;
  }

  std::vector<binlog::Position> opened_at;
  std::deque<absl::Status> open_failures;

 private:
  source::SourceInfo info_{
      .version = "8.0.15", .is_mariadb = false, .server = "server-1", .client_address = {}};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<absl::StatusOr<std::string>> steps_;
  std::string event_;
  bool interrupted_ = false;
  bool ignores_interruptions_ = false;
};

/// Transactional if a test says so: then commits fail as told, and end with the last transaction otherwise.
class FakeSink final : public sink::Sink, public sink::Transactional {
 public:
  [[nodiscard]] absl::Status open() override { return absl::OkStatus(); }
  [[nodiscard]] absl::Status write(const record::RecordBatch& batch, std::stop_token /*stop*/) override {
    const std::lock_guard lock(mutex_);
    records += batch.size();
    return absl::OkStatus();
  }
  void end_transaction(const binlog::Position& position, std::int64_t /*committed_at_us*/) override {
    const std::lock_guard lock(mutex_);
    (is_corked_ ? corked_ : durable_) = position;
  }
  [[nodiscard]] std::optional<binlog::Position> durable() const override {
    const std::lock_guard lock(mutex_);
    return durable_;
  }
  [[nodiscard]] absl::Status flush(std::chrono::milliseconds /*deadline*/) override {
    return is_corked_ ? absl::DeadlineExceededError("corked") : absl::OkStatus();
  }
  [[nodiscard]] absl::Status error() const override {
    const std::lock_guard lock(mutex_);
    return error_;
  }
  [[nodiscard]] sink::SinkCounters counters() const override { return {}; }
  [[nodiscard]] std::vector<std::string> topics(std::size_t known) const override {
    return {met_topics.begin() + static_cast<std::ptrdiff_t>(known), met_topics.end()};
  }

  [[nodiscard]] absl::Status trouble() const override {
    const std::lock_guard lock(mutex_);
    return trouble_;
  }

  [[nodiscard]] sink::Transactional* transactional() override { return is_transactional ? this : nullptr; }
  [[nodiscard]] absl::Status wait_until_due(const std::stop_token& stop) override {
    sleep_for(std::chrono::milliseconds(5), stop);
    return stop.stop_requested() ? absl::CancelledError("stopped") : absl::OkStatus();
  }
  [[nodiscard]] absl::StatusOr<std::optional<binlog::Position>> commit(
      const sink::StateAt& /*state*/, const std::stop_token& /*stop*/) override {
    if (on_commit) {
      absl::Status status = std::exchange(on_commit, nullptr)();
      is_failed_ = !status.ok();
      RETURN_IF_ERROR(status);
    }
    const std::lock_guard lock(mutex_);
    return durable_;
  }
  [[nodiscard]] bool at_transaction_boundary() const override { return !is_failed_; }
  [[nodiscard]] absl::Status roll_back() override {
    is_failed_ = false;
    return absl::OkStatus();
  }
  /// What the next commit does first; a failure is its own.
  std::function<absl::Status()> on_commit;
  bool is_transactional = false;

  void cork() { is_corked_ = true; }
  void uncork() {
    const std::lock_guard lock(mutex_);
    is_corked_ = false;
    if (corked_) durable_ = corked_;
  }
  void fail(absl::Status error) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
  }

  void set_trouble(absl::Status trouble) {
    const std::lock_guard lock(mutex_);
    trouble_ = std::move(trouble);
  }

  std::size_t records = 0;
  std::vector<std::string> met_topics;

 private:
  mutable std::mutex mutex_;
  std::atomic<bool> is_corked_ = false;
  std::atomic<bool> is_failed_ = false;
  absl::Status trouble_;
  std::optional<binlog::Position> durable_;
  std::optional<binlog::Position> corked_;
  absl::Status error_;
};

class FakeCheckpoints final : public checkpoint::CheckpointStore {
 public:
  [[nodiscard]] absl::StatusOr<std::optional<checkpoint::Checkpoint>> load() override { return loaded; }
  [[nodiscard]] absl::Status save(const checkpoint::Checkpoint& checkpoint) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    if (is_lost_) return std::exchange(is_lost_, false), absl::NotFoundError("lost");
    log_.push_back("checkpoint " + binlog::to_string(checkpoint.position));
    return absl::OkStatus();
  }
  [[nodiscard]] absl::StatusOr<std::vector<checkpoint::SchemaEntry>> load_schemas() override {
    return schemas;
  }
  [[nodiscard]] absl::Status save_schemas(const std::vector<checkpoint::SchemaEntry>& entries) override {
    const std::lock_guard lock(mutex_);
    if (is_lost_) return std::exchange(is_lost_, false), absl::NotFoundError("lost");
    for (const checkpoint::SchemaEntry& each : entries) {
      log_.push_back((each.value.empty() ? "no schema " : "schema ") + each.key);
    }
    return absl::OkStatus();
  }
  [[nodiscard]] absl::Status save_topics(const std::vector<std::string>& topics) override {
    const std::lock_guard lock(mutex_);
    for (const std::string& each : topics) log_.push_back("topic " + each);
    return absl::OkStatus();
  }
  void fail(absl::Status failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
  }
  /// What was saved; the next save says so.
  void lose() {
    const std::lock_guard lock(mutex_);
    is_lost_ = true;
  }
  /// What was saved, in its order.
  [[nodiscard]] std::vector<std::string> log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  std::optional<checkpoint::Checkpoint> loaded;
  std::vector<checkpoint::SchemaEntry> schemas;

 private:
  std::mutex mutex_;
  absl::Status failure_;
  bool is_lost_ = false;
  std::vector<std::string> log_;
};

/// Answers what a tracker asks of a server without databases.
class EmptyServer final : public sql::Session {
 public:
  [[nodiscard]] absl::StatusOr<sql::Result> query(std::string_view sql) override {
    sql::Result result;
    const auto says = [sql](std::string_view part) { return sql.find(part) != std::string_view::npos; };
    if (says("lower_case_table_names") && !says("VERSION")) result.rows = {{"0"}};
    if (says("VERSION")) result.rows = {{"8.0.15", "0", "1"}};
    return result;
  }
};

/// A source at binlog.000001:4 of "server-1", whose end a test sets.
class RunFixture : public testing::Test {
 protected:
  RunFixture() {
    task_.name = "t";
    task_.task_namespace = "default";
    task_.spec.sink.stdout_sink.emplace();
    task::ObjectRule rule;
    rule.database = "shop";
    task_.spec.objects.include = {rule};
  }

  [[nodiscard]] static binlog::Position at(std::uint64_t offset) {
    return {.gtids = {}, .file = "binlog.000001", .offset = offset, .server = "server-1"};
  }
  [[nodiscard]] Parts parts() {
    return {.source = source_,
            .sink = sink_,
            .checkpoints = &checkpoints_,
            .connect_sql = [this]() -> absl::StatusOr<std::unique_ptr<sql::Session>> {
              before_connect_();
              const std::lock_guard lock(mutex_);
              if (!connect_failure_.ok()) return connect_failure_;
              return std::make_unique<EmptyServer>();
            },
            .open_way_in = [this](const std::stop_token& stop) { return open_way_in_(stop); },
            .let_in = [this](const std::stop_token& stop) { return let_in_(stop); },
            .open_beside = [] { return std::make_unique<FakeSource>(); },
            .start_position = [](sql::Session&) { return at(4); },
            .sample_end = [this](sql::Session&) -> absl::StatusOr<binlog::BinlogCoordinates> {
              const std::lock_guard lock(mutex_);
              return end_;
            },
            .binlog_files = [this](sql::Session&) -> absl::StatusOr<std::vector<source::BinlogFile>> {
              const std::lock_guard lock(mutex_);
              return binlog_files_;
            },
            .retention_seconds = [](sql::Session&) -> absl::StatusOr<std::optional<std::uint64_t>> {
              return 86'400;
            },
            .server_of = [this](sql::Session&) -> absl::StatusOr<std::string> {
              const std::lock_guard lock(mutex_);
              return server_;
            },
            .checkpoint_records = [](const auto&, const auto&,
                                     const auto&) { return std::vector<sink::StateRecord>(); },
            .topic_for = [](const auto&, const auto&) { return std::string("topic"); },
            .schema_topic = "topic",
            .format = "debezium-json"};
  }
  void fail_to_connect(absl::Status failure) {
    const std::lock_guard lock(mutex_);
    connect_failure_ = std::move(failure);
  }
  void set_end(std::string file, std::uint64_t offset) {
    const std::lock_guard lock(mutex_);
    end_ = {std::move(file), offset};
  }

  task::Task task_;
  FakeSource source_;
  FakeSink sink_;
  FakeCheckpoints checkpoints_;
  std::mutex mutex_;
  binlog::BinlogCoordinates end_{"binlog.000001", 4};
  std::vector<source::BinlogFile> binlog_files_;
  std::string server_ = "server-1";
  absl::Status connect_failure_;
  std::function<void()> before_connect_ = [] {};
  using WayIn = std::function<absl::Status(const std::stop_token&)>;
  WayIn open_way_in_ = [](const std::stop_token&) { return absl::OkStatus(); };
  WayIn let_in_ = open_way_in_;
};

}  // namespace rowtide::run
