#pragma once

#include <span>
#include <string>

#include "tracker/schema/apply_ddl.h"

namespace rowtide::encode {

/// The "tableChanges" of Debezium's schema change record, as a JSON list: one entry per table that was
/// created, altered (or renamed) or dropped, with its columns. Source of the form: Debezium's
/// ConnectTableChangeSerializer.
void append_table_changes(std::string& out, std::span<const schema::TableChange> changes);

}  // namespace rowtide::encode
