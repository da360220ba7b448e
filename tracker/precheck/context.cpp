#include "tracker/precheck/context.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "common/bytes/utf8.h"
#include "common/names/name_case.h"
#include "common/status/reason.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "tracker/polardb/way_in.h"
#include "tracker/select/table_selector.h"
#include "tracker/source/handshake_probe.h"
#include "tracker/source/mysql_session.h"
#include "tracker/sql/quote.h"

namespace rowtide::precheck {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Together below 30 s, the worst of each taken: the name, the connection, the last statement begun, and what
// is left.
constexpr seconds kResolveTime{4};
constexpr seconds kOpenApiTime{9};
constexpr seconds kSourceConnectTime{8};
constexpr seconds kResolveAgainTime{1};  // of a connection that was lost
constexpr seconds kReconnectTime{2};
constexpr seconds kStatementTime{5};
constexpr seconds kLastStatementBegins{20};
constexpr seconds kWholeTime{28};
constexpr std::size_t kShownStatement = 120;

}  // namespace

bool is_among(const std::vector<SelectedTable>& tables, std::string_view database, std::string_view name) {
  return std::any_of(tables.begin(), tables.end(), [&](const SelectedTable& table) {
    return table.database == database && table.name == name;
  });
}

std::string kept_name(const std::string& name, const source::ServerInfo& server) {
  return server.lower_case_names ? names::to_lower(name) : name;
}

CheckContext::CheckContext(task::Task task, const task::SecretReader& secrets)
    : task_(std::move(task)), secrets_(secrets) {}

CheckContext::~CheckContext() = default;

const absl::Status& CheckContext::connected() {
  if (!connected_) connected_ = connect();
  return *connected_;
}

absl::Status CheckContext::connect() {
  RETURN_IF_ERROR(
      polardb::open_way_in(task_, secrets_, polardb::LetIn::Add, {.deadline = Clock::now() + kOpenApiTime}));
  if (const absl::Status opened = open_session(kResolveTime, kSourceConnectTime); !opened.ok()) {
    client_address_ = source::client_address_in(std::string(opened.message()));
    return opened;
  }
  return read_account();
}

absl::Status CheckContext::open_session(seconds resolve_time, seconds connect_time) {
  ASSIGN_OR_RETURN(const std::size_t addresses, source::resolve_host(source().host, resolve_time));
  // The client library takes its time for each address of the name.
  const seconds time_each = std::max(seconds(1), connect_time / static_cast<int>(addresses));
  ASSIGN_OR_RETURN(session_,
                   source::MysqlSession::connect(
                       source(), secrets_, {.connect_timeout = time_each, .read_timeout = kStatementTime}));
  return absl::OkStatus();
}

absl::Status CheckContext::read_account() {
  ASSIGN_OR_RETURN(const sql::Result user,
                   session_->query("SELECT SUBSTRING_INDEX(USER(), '@', -1), CURRENT_USER()"));
  client_address_ = user.rows.at(0).at(0).value_or("");
  const std::string account = user.rows[0].at(1).value_or("");
  const std::size_t at = std::min(account.rfind('@'), account.size());
  account_ = sql::quote_literal(account.substr(0, at)) + "@" +
             sql::quote_literal(at < account.size() ? account.substr(at + 1) : "%");
  return absl::OkStatus();
}

std::string CheckContext::tls_cipher() const {
  return session_ == nullptr ? std::string() : session_->connection().tls_cipher();
}

absl::StatusOr<sql::Result> CheckContext::query(std::string_view sql) {
  if (const absl::Status& status = connected(); !status.ok()) return status;
  if (Clock::now() - started_ > kLastStatementBegins) {
    return failure(absl::StatusCode::kDeadlineExceeded, "Timeout",
                   "the precheck's time is up: the source answers too slowly");
  }
  if (session_ == nullptr) RETURN_IF_ERROR(open_session(kResolveAgainTime, kReconnectTime));
  absl::StatusOr<sql::Result> result = session_->query(sql);
  if (result.ok() || reason_of(result.status()) != "ConnectionLost") return result;
  // The client library gives a connection up with the statement that it waited for; the next one gets
  // another.
  session_.reset();
  return failure(result.status().code(), "ConnectionLost",
                 fmt::format("{}; the statement, which may take {} s, was: {}", text(result.status()),
                             kStatementTime.count(), cut(sql, kShownStatement)));
}

milliseconds CheckContext::time_left() const {
  const auto left = std::chrono::duration_cast<milliseconds>(started_ + kWholeTime - Clock::now());
  return std::max(milliseconds(100), left);
}

absl::StatusOr<const source::ServerInfo*> CheckContext::facts() {
  if (!facts_) {
    ASSIGN_OR_RETURN(source::ServerInfo facts, source::read_server_info(session()));
    facts_ = std::move(facts);
  }
  return &*facts_;
}

absl::StatusOr<const Grants*> CheckContext::grants() {
  if (!grants_) {
    // Without FOR: the active roles' privileges are listed as well, by both kinds of server.
    ASSIGN_OR_RETURN(const sql::Result rows, query("SHOW GRANTS"));
    std::vector<std::string> lines;
    for (const sql::Row& row : rows.rows) lines.push_back(row.at(0).value_or(""));
    ASSIGN_OR_RETURN(const GrantRules rules, read_grant_rules());
    grants_ = Grants::parse(lines, rules);
  }
  return &*grants_;
}

absl::StatusOr<GrantRules> CheckContext::read_grant_rules() {
  constexpr source::ServerVersion kHasRoles{8, 0, 0};
  ASSIGN_OR_RETURN(const source::ServerInfo* server, facts());
  GrantRules rules{.lower_case_names = server->lower_case_names};
  if (server->is_mariadb || server->version < kHasRoles) return rules;
  ASSIGN_OR_RETURN(const sql::Result variable, query("SHOW GLOBAL VARIABLES LIKE 'partial\\_revokes'"));
  rules.literal_names = !variable.rows.empty() && variable.rows[0].at(1) == "ON";
  ASSIGN_OR_RETURN(const sql::Result roles, query("SELECT CURRENT_ROLE()"));
  rules.adds_patterns = !roles.rows.empty() && roles.rows[0].at(0).value_or("NONE") != "NONE";
  return rules;
}

absl::StatusOr<const task::Objects*> CheckContext::objects() {
  if (!objects_) {
    ASSIGN_OR_RETURN(const source::ServerInfo* server, facts());
    objects_ = task_.spec.objects;
    for (std::vector<task::ObjectRule>* rules : {&objects_->include, &objects_->exclude}) {
      for (task::ObjectRule& rule : *rules) {
        if (rule.database) rule.database = kept_name(*rule.database, *server);
        for (std::string& table : rule.tables) table = kept_name(table, *server);
      }
    }
    for (task::ColumnRule& rule : objects_->columns) {
      rule.database = kept_name(rule.database, *server);
      rule.table = kept_name(rule.table, *server);
    }
  }
  return &*objects_;
}

absl::StatusOr<std::string> CheckContext::in_databases(std::string_view column) {
  ASSIGN_OR_RETURN(const task::Objects* objects, this->objects());
  std::set<std::string> names;
  // What is excluded as well: ObjectsExist looks for it.
  for (const std::vector<task::ObjectRule>* rules : {&objects->include, &objects->exclude}) {
    for (const task::ObjectRule& rule : *rules) {
      if (!rule.database) return "TRUE";
      names.insert(sql::quote_literal(*rule.database));
    }
  }
  if (names.empty()) return "TRUE";
  return fmt::format("{} IN ({})", column, fmt::join(names, ", "));
}

absl::StatusOr<const std::vector<std::string>*> CheckContext::databases() {
  if (!databases_) {
    ASSIGN_OR_RETURN(const sql::Result rows, query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA"));
    ASSIGN_OR_RETURN(const source::ServerInfo* server, facts());
    databases_.emplace();
    for (const sql::Row& row : rows.rows) databases_->push_back(kept_name(row.at(0).value_or(""), *server));
  }
  return &*databases_;
}

absl::StatusOr<const std::vector<SelectedTable>*> CheckContext::visible_tables() {
  if (!visible_) {
    ASSIGN_OR_RETURN(const std::string condition, in_databases());
    ASSIGN_OR_RETURN(
        const sql::Result rows,
        query(fmt::format("SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES "
                          "WHERE TABLE_TYPE <> 'SYSTEM VIEW' AND {} ORDER BY TABLE_SCHEMA, TABLE_NAME",
                          condition)));
    ASSIGN_OR_RETURN(const source::ServerInfo* server, facts());
    visible_.emplace();
    for (const sql::Row& row : rows.rows) {
      visible_->push_back({.database = kept_name(row.at(0).value_or(""), *server),
                           .name = kept_name(row.at(1).value_or(""), *server),
                           .is_view = row.at(2).value_or("").find("VIEW") != std::string::npos,
                           .is_versioned = row.at(2) == "SYSTEM VERSIONED",
                           .is_sequence = row.at(2) == "SEQUENCE"});
    }
  }
  return &*visible_;
}

absl::StatusOr<const std::vector<SelectedTable>*> CheckContext::tables() {
  if (!selected_) {
    ASSIGN_OR_RETURN(const source::ServerInfo* server, facts());
    ASSIGN_OR_RETURN(const select::TableSelector selector,
                     select::TableSelector::create(task_.spec.objects, {}, server->lower_case_names));
    ASSIGN_OR_RETURN(const std::vector<SelectedTable>* visible, visible_tables());
    selected_.emplace();
    std::copy_if(visible->begin(), visible->end(), std::back_inserter(*selected_),
                 [&](const SelectedTable& table) { return selector.wants(table.database, table.name); });
  }
  return &*selected_;
}

}  // namespace rowtide::precheck
