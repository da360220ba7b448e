#pragma once

#include <optional>
#include <vector>

#include "tracker/sql/ddl_reader.h"

namespace rowtide::sql {

/// What stands after ALTER TABLE t. For ddl_parser.cpp only, as all here.
void read_alter_actions(DdlReader& reader, std::vector<AlterAction>& actions);
/// One option of a table: ENGINE = x; false where none follows.
bool read_table_option(DdlReader& reader, SetTableOptions& options, bool& is_versioned);
/// What stands after PERIOD FOR; nothing for SYSTEM_TIME, whose columns are the server's.
std::optional<AddPeriod> read_period(DdlReader& reader);
void skip_to_end(DdlReader& reader);

}  // namespace rowtide::sql
