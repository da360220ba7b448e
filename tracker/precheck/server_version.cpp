#include <fmt/format.h>

#include "tracker/precheck/check_list.h"

namespace rowtide::precheck {

CheckItem check_server_version(CheckContext& context) {
  constexpr source::ServerVersion kOldestMysql{5, 7, 0};
  constexpr source::ServerVersion kOldestMariadb{10, 5, 0};
  const std::string expected = "MySQL 5.7 or newer, PolarDB for MySQL, or MariaDB 10.5 or newer";
  const absl::StatusOr<const source::ServerInfo*> facts = context.facts();
  if (!facts.ok()) return failed(facts.status(), expected);
  const source::ServerInfo& server = **facts;

  const bool is_old = server.version < (server.is_mariadb ? kOldestMariadb : kOldestMysql);
  if (is_old) {
    return failed(Finding{.reason = "VersionTooOld",
                          .observed = server.version_text,
                          .expected = expected,
                          .message = fmt::format("binlogs of {} are not supported", server.version_text),
                          .repair = "upgrade the source"});
  }
  const bool says_mariadb = context.source().type == task::SourceType::MariaDb;
  if (says_mariadb != server.is_mariadb) {
    const std::string_view type = server.is_mariadb ? "MariaDB" : "MySQL";
    return failed(
        Finding{.reason = "OtherServer",
                .observed = server.version_text,
                .expected = says_mariadb ? "MariaDB, as spec.source.type says"
                                         : "MySQL or PolarDB, as spec.source.type says",
                .message = fmt::format("the source is {}, but spec.source.type says otherwise", type),
                .repair = fmt::format("set spec.source.type to {}", type)});
  }
  return passed(server.version_text);
}

}  // namespace rowtide::precheck
