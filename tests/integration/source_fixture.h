#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tests/support/mysql_server.h"
#include "tracker/binlog/rows_event.h"
#include "tracker/binlog/stream_state.h"
#include "tracker/binlog/table_map.h"
#include "tracker/binlog/transaction_events.h"
#include "tracker/source/binlog_source.h"
#include "tracker/source/mysql_session.h"
#include "tracker/source/start_position.h"
#include "tracker/source/timestamp_position.h"

namespace rowtide::test {

inline constexpr const char* kUser = "tracker";
inline constexpr const char* kPassword = "s3cret-Pass'word";

/// A task that reads this server with the account kUser.
inline task::Task task_for(const MysqlServer& server, const std::string& name = "orders") {
  task::Task task;
  task.name = name;
  task.task_namespace = "shop";
  task.spec.source.type = is_mariadb(server.flavor()) ? task::SourceType::MariaDb : task::SourceType::MySql;
  task.spec.source.host = server.host();
  task.spec.source.port = static_cast<std::uint16_t>(server.port());
  task.spec.source.credentials = task::InlineCredentials{kUser, kPassword};
  return task;
}

inline const task::SecretReader& no_secrets() {
  static const task::SecretReader reader{{}};
  return reader;
}

/// kPassword as a statement wants it.
inline std::string sql_password() {
  return "s3cret-Pass''word";
}

/// The stream of one source, with what a test wants to know of it.
class StreamReader {
 public:
  explicit StreamReader(const task::Task& task) : source(task, no_secrets()) {}

  [[nodiscard]] absl::Status open(const binlog::Position& from) {
    stream.reset(from);
    return source.open(from);
  }

  /// Reads on until `done` says so of an event; the failure if there is one first. Throws after a minute.
  [[nodiscard]] absl::Status read_until(const std::function<bool(const binlog::EventView&)>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (std::chrono::steady_clock::now() < deadline) {
      const absl::StatusOr<Bytes> bytes = source.next();
      if (!bytes.ok()) return bytes.status();
      if (bytes->empty()) continue;
      const absl::StatusOr<binlog::EventView> event = stream.accept(*bytes);
      if (!event.ok()) return event.status();
      note(*event);
      if (done(*event)) return absl::OkStatus();
    }
    throw std::runtime_error("waited a minute in vain for an event");
  }

  /// Until the end of the next transaction that changes rows of `table`.
  [[nodiscard]] absl::Status read_transaction_of(const std::string& table) {
    bool seen = false;
    return read_until([&](const binlog::EventView& event) {
      if (event.header.type == binlog::EventType::TableMap) seen = seen || last_map.table == table;
      return seen && event.header.type == binlog::EventType::Xid;
    });
  }

  source::BinlogSource source;
  binlog::StreamState stream;
  std::vector<std::string> tables;  ///< of the table maps so far
  binlog::TableMap last_map;
  binlog::Gtid last_gtid;
  std::size_t largest_event = 0;

 private:
  void note(const binlog::EventView& event) {
    largest_event = std::max<std::size_t>(largest_event, event.header.event_size);
    switch (event.header.type) {
      case binlog::EventType::TableMap:
        last_map = binlog::parse_table_map(event.body, source.info().is_mariadb).value();
        tables.push_back(last_map.table);
        break;
      case binlog::EventType::GtidLog:
        last_gtid = binlog::parse_gtid(event.body)->gtid;
        break;
      case binlog::EventType::MariadbGtidLog:
        last_gtid = binlog::parse_mariadb_gtid(event.body, event.header.server_id)->gtid;
        break;
      default:
        break;
    }
  }
};

inline std::unique_ptr<source::MysqlSession> session_for(const task::Task& task) {
  return source::MysqlSession::connect(task.spec.source, no_secrets()).value();
}

inline binlog::Position position_at(const task::Task& task, task::StartMode mode) {
  task::StartPosition start;
  start.mode = mode;
  return source::resolve_start_position(start, *session_for(task), source::search_source(task, no_secrets()))
      .value();
}

}  // namespace rowtide::test
