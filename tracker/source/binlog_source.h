#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/source/connection.h"
#include "tracker/source/event_source.h"
#include "tracker/source/reader_identity.h"
#include "tracker/source/server_info.h"
#include "tracker/source/timestamp_position.h"

namespace rowtide::source {

/// A server's binlog, read as a replica reads it: COM_BINLOG_DUMP_GTID (MySQL) or @slave_connect_state
/// (MariaDB) where the position has GTIDs, else COM_BINLOG_DUMP at file and offset. So too where MySQL still
/// has the very file (same_binlog.h): GTIDs do not find what was committed without one, while gtid_mode was
/// less than ON. The server's heartbeats make next() return at least every kHeartbeat; without any byte for
/// kSilence the connection counts as lost. Source: MySQL "COM_BINLOG_DUMP_GTID", sql/rpl_source.cc and
/// rpl_binlog_sender.cc; MariaDB KB "Replication Protocol".
class BinlogSource final : public EventSource {
 public:
  static constexpr std::chrono::seconds kHeartbeat{1};
  static constexpr std::chrono::seconds kSilence{10};

  BinlogSource(const task::Task& task, task::SecretReader secrets)
      : source_(task.spec.source),
        secrets_(std::move(secrets)),
        identity_(reader_identity(task)),
        open_beside_(search_source(task, secrets_)) {}
  ~BinlogSource() override;

  [[nodiscard]] absl::Status open(const binlog::Position& from) override;
  [[nodiscard]] absl::StatusOr<Bytes> next() override;
  /// open() and next() then fail with CANCELLED until close(). A connection that is just being made is not
  /// cut short: that takes at most its timeout.
  void interrupt() override;
  void close() override;
  [[nodiscard]] const SourceInfo& info() const override { return info_; }
  [[nodiscard]] std::uint64_t idle_offset() const override { return idle_offset_; }

 private:
  [[nodiscard]] absl::Status connect();
  [[nodiscard]] absl::StatusOr<ServerInfo> read_info();
  /// Where the stream will begin; fails where it cannot.
  [[nodiscard]] absl::StatusOr<binlog::Position> check_position(const binlog::Position& from,
                                                                const ServerInfo& facts);
  [[nodiscard]] absl::Status set_variables(const binlog::Position& from, const ServerInfo& facts);
  [[nodiscard]] absl::Status register_reader();
  [[nodiscard]] absl::Status request_dump(const binlog::Position& from);
  [[nodiscard]] absl::Status send(unsigned command, const std::string& packet, bool expects_answer);
  [[nodiscard]] absl::Status explain(absl::Status status);
  [[nodiscard]] bool is_interrupted();

  std::uint64_t idle_offset_ = 0;  ///< of the heartbeat that came last
  task::Source source_;
  task::SecretReader secrets_;
  ReaderIdentity identity_;
  OpenSource open_beside_;
  std::optional<Connection> connection_;
  binlog::Position opened_at_;
  SourceInfo info_;

  std::mutex mutex_;  // guards what follows
  int interrupt_socket_ =
      -1;  // a second descriptor of the connection's socket: ours, so never one that was reused
  bool interrupted_ = false;
};

}  // namespace rowtide::source
