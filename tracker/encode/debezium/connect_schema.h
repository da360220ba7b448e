#pragma once

#include <string>
#include <string_view>

#include "common/task/spec.h"
#include "tracker/binlog/table_plan.h"

/// What Kafka Connect's JSON converter writes around a payload with schemas.enable=true. The schemas are
/// those of Debezium 3.2, but that no column has a default: Connect reads a null in a column with a default
/// as the default.
namespace rowtide::encode {

/// {"schema":{...},"payload": and }. Nothing with schemas off.
struct Wrapping {
  std::string head = {};
  std::string_view tail = {};
};

/// "<source>.<database>.<table>" with what Kafka does not allow in a topic as "_", whatever the topic: in
/// front of ".Key", ".Value" and ".Envelope".
[[nodiscard]] std::string connect_table_name(std::string_view source, std::string_view database,
                                             std::string_view table);

/// Of a row's key and of its envelope. `table` is a connect_table_name(), `connector` "mysql" or "mariadb".
[[nodiscard]] Wrapping connect_key_wrapping(const binlog::TablePlan& plan, std::string_view table,
                                            const task::DebeziumOptions& options);
[[nodiscard]] Wrapping connect_envelope_wrapping(const binlog::TablePlan& plan, std::string_view table,
                                                 std::string_view connector,
                                                 const task::DebeziumOptions& options);

[[nodiscard]] Wrapping connect_schema_change_key_wrapping(std::string_view connector);
[[nodiscard]] Wrapping connect_schema_change_wrapping(std::string_view connector);

/// Of the BEGIN and END records of a transaction.
[[nodiscard]] Wrapping connect_transaction_key_wrapping();
[[nodiscard]] Wrapping connect_transaction_wrapping();

}  // namespace rowtide::encode
