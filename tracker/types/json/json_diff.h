#pragma once

#include <string>

#include "common/bytes/byte_reader.h"
#include "tracker/types/column.h"

namespace rowtide::types {

/// What an UPDATE did to a JSON column (binlog_row_value_options=PARTIAL_JSON), applied to the document
/// before it: the new document's text, as jsonb_to_text() writes it, appended to `out`. False for bytes that
/// are no document or no diffs, and for diffs that do not fit the document; `out` is then useless. Source:
/// MySQL sql/json_diff.cc, Json_diff_vector::read_binary() and apply_json_diff().
[[nodiscard]] bool apply_json_diffs(Bytes document, Bytes diffs, std::string& out) noexcept;

/// A cell that holds diffs instead of a document. `document`: the column's bytes before the update.
[[nodiscard]] DecodeStatus decode_json_diff(ByteReader& row, const Column& column, Bytes document,
                                            Scratch& scratch, Value& out) noexcept;

}  // namespace rowtide::types
