#pragma once

#include <nlohmann/json.hpp>

#include "tests/fuzz/fuzz_input.h"
#include "tracker/record/record_batch.h"

namespace rowtide::fuzz {

/// Whatever a binlog holds: keys, values and headers are JSON, in well-formed UTF-8 (accept() looks at both).
inline void require_valid_json(const record::RecordBatch& batch) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const record::Record record = batch.record(i);
    require(!record.key || nlohmann::json::accept(*record.key));
    require(!record.value || nlohmann::json::accept(*record.value));
    for (const record::RecordHeader& header : record.headers) require(nlohmann::json::accept(header.value));
  }
}

}  // namespace rowtide::fuzz
