#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tracker/encode/debezium/connect_schema.h"
#include "tracker/encode/encoder.h"

namespace rowtide::encode {

/// Debezium's transaction metadata (provide.transaction.metadata): a block in each record, and BEGIN and END
/// records with the counts in the topic "<source>.transaction". Counts records, of which a changed key makes
/// two; tombstones have no value to count in.
class DebeziumTransactions {
 public:
  DebeziumTransactions(std::string topic, bool has_schemas);

  void begin(const ChangeOrigin& origin, record::RecordBatch& out);
  void end(const ChangeOrigin& origin, record::RecordBatch& out);
  /// The block of the next record of `table` ("database.table", which must live until the end).
  void append_block(std::string& text, std::string_view table);

 private:
  void append_record(std::string_view status, const ChangeOrigin& origin, record::RecordBatch& out) const;

  std::string topic_;
  Wrapping key_;
  Wrapping value_;
  std::string id_;
  std::uint64_t total_ = 0;
  std::map<std::string_view, std::uint64_t> of_table_;
};

}  // namespace rowtide::encode
