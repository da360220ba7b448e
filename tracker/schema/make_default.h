#pragma once

#include "tracker/schema/apply_ddl.h"

namespace rowtide::schema {

/// A column's default as information_schema shows what was written: digits filled up, bytes as what the
/// column's type makes of them. `column` has its type and collation. What is written in a rare way (10:1:2,
/// 1e3) stays so.
void set_default(CatalogColumn& column, const sql::DefaultSpec& spec, const SourceDialect& dialect);

}  // namespace rowtide::schema
