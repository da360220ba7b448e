#include "tests/support/debezium_connector.h"

#include <fmt/format.h>

#include "tests/support/java_command.h"

namespace rowtide::test {
namespace {

constexpr const char* kUser = "debezium";
constexpr const char* kPassword = "Debezium-pa55word";

ServerOptions options_for(MysqlServer& server, const KafkaBroker& broker, const std::string& database,
                          const std::vector<std::string>& more) {
  server.exec(fmt::format("CREATE USER IF NOT EXISTS '{}'@'%' IDENTIFIED WITH mysql_native_password BY '{}'",
                          kUser, kPassword));
  server.exec(
      fmt::format("GRANT SELECT, RELOAD, SHOW DATABASES, REPLICATION SLAVE, REPLICATION CLIENT, LOCK TABLES "
                  "ON *.* TO '{}'@'%'",
                  kUser));
  ServerOptions options;
  options.options = {
      "worker.bootstrap.servers=" + broker.admin_bootstrap(),
      "worker.producer.max.request.size=8388608",
      "database.hostname=" + server.host(),
      fmt::format("database.port={}", server.port()),
      fmt::format("database.user={}", kUser),
      fmt::format("database.password={}", kPassword),
      "database.server.id=7001",
      "database.ssl.mode=disabled",
      "database.include.list=" + database,
      "topic.prefix=" + DebeziumConnector::schema_topic(),
      "decimal.handling.mode=string",
      "transforms=one",
      "transforms.one.type=org.apache.kafka.connect.transforms.RegexRouter",
      R"(transforms.one.regex=debezium\\..*)",
      "transforms.one.replacement=" + DebeziumConnector::rows_topic(),
  };
  options.options.insert(options.options.end(), more.begin(), more.end());
  return options;
}

}  // namespace

DebeziumConnector::DebeziumConnector(MysqlServer& server, const KafkaBroker& broker,
                                     const std::string& database, const std::vector<std::string>& more)
    : server_("debezium", options_for(server, broker, database, more)) {}

std::vector<std::string> debezium_java_command(const std::string& source,
                                               const std::vector<std::string>& arguments) {
  return java_command({"scripts/servers/debezium.sh", "jars"}, source, arguments);
}

}  // namespace rowtide::test
