#pragma once

#include <string>
#include <string_view>

#include "tracker/sql/statement.h"
#include "tracker/types/column.h"
#include "tracker/types/value.h"

namespace rowtide::encode {

/// Appends one cell as Canal writes it: a JSON string, or null. `value` is not Absent.
/// ENUM and SET are their stored numbers; bytes are text of the same code points (ISO-8859-1).
void append_canal_value(std::string& out, const types::Column& column, const types::Value& value);

/// The java.sql.Types code that Canal gives a cell. It depends on the value: an unsigned number beyond the
/// signed range goes up one type, and some types are others when NULL.
[[nodiscard]] int canal_sql_type(const types::Column& column, const types::Value& value) noexcept;

/// Canal's event type of a DDL statement: CREATE, ALTER, ERASE (DROP TABLE), TRUNCATE, RENAME, CINDEX,
/// DINDEX, and QUERY for the rest. Source: Canal's SimpleDdlParser.
[[nodiscard]] std::string_view canal_ddl_type(sql::DdlVerb verb, sql::DdlObject object);

}  // namespace rowtide::encode
