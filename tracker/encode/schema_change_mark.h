#pragma once

#include "tracker/encode/encoder.h"

namespace rowtide::encode {

/// The record begun last is that schema change's: it is marked as one, with the tables that its label does
/// not say.
void mark_schema_change(const SchemaChange& change, record::RecordBatch& out);

}  // namespace rowtide::encode
