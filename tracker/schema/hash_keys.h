#pragma once

#include "tracker/schema/apply_ddl.h"
#include "tracker/schema/definition.h"

namespace rowtide::schema {

/// MariaDB checks a UNIQUE key that is too long for an index, or is declared USING HASH, by a hash of its
/// columns. Marks the keys that this is or may be true of: the longest index is the engine's and the row
/// format's (InnoDB: 767 bytes in COMPACT, 3072 in DYNAMIC), which statements need not name. A mark that is
/// there stays. Other servers have none.
void mark_hashed_keys(CatalogTable& table, const SourceDialect& dialect);

}  // namespace rowtide::schema
