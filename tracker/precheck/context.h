#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/precheck/grants.h"
#include "tracker/source/server_info.h"
#include "tracker/sql/session.h"

namespace rowtide::source {
class MysqlSession;
}

namespace rowtide::precheck {

/// A table or view of the source that the task's objects select.
struct SelectedTable {
  std::string database;
  std::string name;
  bool is_view = false;
  bool is_versioned = false;  ///< MariaDB: WITH SYSTEM VERSIONING
  bool is_sequence = false;   ///< MariaDB: CREATE SEQUENCE, a table of one row
};

[[nodiscard]] bool is_among(const std::vector<SelectedTable>& tables, std::string_view database,
                            std::string_view name);

/// A name of a database or a table as the source compares it.
[[nodiscard]] std::string kept_name(const std::string& name, const source::ServerInfo& server);

/// What checks share: the task, one connection, and what was already asked, each asked for once and only when
/// wanted. One thread. Everything a check does ends by the context's deadlines: a source that hangs does not
/// hang the precheck.
class CheckContext final : private sql::Session {
 public:
  using Clock = std::chrono::steady_clock;

  CheckContext(task::Task task, const task::SecretReader& secrets);
  ~CheckContext() override;

  [[nodiscard]] const task::Task& task() const { return task_; }
  [[nodiscard]] const task::SecretReader& secrets() const { return secrets_; }
  [[nodiscard]] const task::Source& source() const { return task_.spec.source; }

  /// Connects at the first call; how that went.
  [[nodiscard]] const absl::Status& connected();
  /// Empty: not encrypted, or not connected.
  [[nodiscard]] std::string tls_cipher() const;
  /// Our address as the source sees it, from its greeting or its refusal; empty until then.
  [[nodiscard]] const std::string& client_address() const { return client_address_; }

  /// Statements at the source; fails when there is no connection or the time is up.
  [[nodiscard]] sql::Session& session() { return *this; }
  [[nodiscard]] absl::StatusOr<const source::ServerInfo*> facts();
  [[nodiscard]] absl::StatusOr<const Grants*> grants();
  /// 'user'@'host' as the source's account tables have it, quoted for a GRANT.
  [[nodiscard]] const std::string& account() const { return account_; }
  /// The task's objects with the names as the source keeps them (not the patterns); so those of tables.
  [[nodiscard]] absl::StatusOr<const task::Objects*> objects();
  /// The condition that keeps a query of information_schema to the databases that the task is about: an older
  /// server opens every table that it is not kept from. TRUE where a pattern may mean any.
  [[nodiscard]] absl::StatusOr<std::string> in_databases(std::string_view column = "TABLE_SCHEMA");
  /// All databases of the source that the account can see.
  [[nodiscard]] absl::StatusOr<const std::vector<std::string>*> databases();
  /// All tables and views of the source that the account can see and the task selects.
  [[nodiscard]] absl::StatusOr<const std::vector<SelectedTable>*> tables();
  /// And all that it can see in the databases that the task is about.
  [[nodiscard]] absl::StatusOr<const std::vector<SelectedTable>*> visible_tables();

  /// What is left for a check that waits for something else than the source.
  [[nodiscard]] std::chrono::milliseconds time_left() const;

 private:
  [[nodiscard]] absl::StatusOr<sql::Result> query(std::string_view sql) override;
  [[nodiscard]] absl::Status connect();
  [[nodiscard]] absl::Status open_session(std::chrono::seconds resolve_time,
                                          std::chrono::seconds connect_time);
  [[nodiscard]] absl::Status read_account();
  [[nodiscard]] absl::StatusOr<GrantRules> read_grant_rules();

  task::Task task_;  ///< with the source's address, where that is looked up
  const task::SecretReader& secrets_;
  Clock::time_point started_ = Clock::now();
  std::optional<absl::Status> connected_;
  std::unique_ptr<source::MysqlSession> session_;  ///< none after one that was lost
  std::string client_address_;
  std::string account_;
  std::optional<source::ServerInfo> facts_;
  std::optional<Grants> grants_;
  std::optional<task::Objects> objects_;
  std::optional<std::vector<std::string>> databases_;
  std::optional<std::vector<SelectedTable>> visible_;
  std::optional<std::vector<SelectedTable>> selected_;
};

}  // namespace rowtide::precheck
