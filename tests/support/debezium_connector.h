#pragma once

#include <string>
#include <vector>

#include "tests/support/kafka_broker.h"
#include "tests/support/mysql_server.h"
#include "tests/support/script_server.h"

namespace rowtide::test {

/// The real Debezium connector on one MySQL server and one broker: schemas off, decimals as strings, no
/// snapshot of rows. Captures one database from the moment of its construction; all rows go to one topic, so
/// that their order is one. Functions throw on failure. Not thread-safe.
class DebeziumConnector {
 public:
  /// `more`: lines of the connector's properties, which win.
  DebeziumConnector(MysqlServer& server, const KafkaBroker& broker, const std::string& database,
                    const std::vector<std::string>& more = {});

  [[nodiscard]] static std::string rows_topic() { return "debezium.rows"; }
  [[nodiscard]] static std::string schema_topic() { return "debezium"; }
  [[nodiscard]] std::string log() const { return server_.log(); }

 private:
  ScriptServer server_;
};

/// The command that runs one Java source file with the jars of Debezium and Kafka Connect, which are fetched
/// at the first call. Throws std::runtime_error if that fails.
[[nodiscard]] std::vector<std::string> debezium_java_command(const std::string& source,
                                                             const std::vector<std::string>& arguments);

}  // namespace rowtide::test
