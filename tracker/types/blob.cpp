// TINY-, MEDIUM-, LONGBLOB and -TEXT: a length of as many bytes as the metadata says, and the bytes. The
// collation tells TEXT from BLOB.
#include "common/status/try.h"
#include "tracker/types/families.h"
#include "tracker/types/text_value.h"

namespace rowtide::types {

absl::Status compile_blob(const ColumnDefinition& definition, Column& column) {
  if (definition.wire_metadata < 1 || definition.wire_metadata > 4) return metadata_error(definition);
  RETURN_IF_ERROR(compile_collation(definition, column));
  column.width = static_cast<std::uint8_t>(definition.wire_metadata);
  column.decode = counted_decoder(column);
  return absl::OkStatus();
}

}  // namespace rowtide::types
