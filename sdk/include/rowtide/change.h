#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "rowtide/export.h"
#include "rowtide/value.h"

namespace rowtide {
inline namespace v1 {

enum class Format : std::uint8_t { Auto, DebeziumJson, CanalJson, DtsAvro };

enum class Operation : std::uint8_t {
  Insert,
  Update,
  Delete,
  SnapshotRead,  ///< debezium-json's op "r", which Debezium writes and Rowtide does not
  SchemaChange,
  Truncate,  ///< debezium-json's op "t" (option truncates); elsewhere TRUNCATE TABLE is a SchemaChange
};

[[nodiscard]] ROWTIDE_SDK_EXPORT std::string_view name_of(Format format) noexcept;
[[nodiscard]] ROWTIDE_SDK_EXPORT std::string_view name_of(Operation operation) noexcept;

struct Column {
  std::string_view name;
  Value value;
};

/// Columns in the record's order. Few, so they are searched one after the other.
class ROWTIDE_SDK_EXPORT Row {
 public:
  [[nodiscard]] bool empty() const noexcept { return columns_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return columns_.size(); }
  [[nodiscard]] auto begin() const noexcept { return columns_.begin(); }
  [[nodiscard]] auto end() const noexcept { return columns_.end(); }
  [[nodiscard]] const Column& operator[](std::size_t index) const noexcept { return columns_[index]; }
  /// nullptr: the record does not have the column, which is not NULL (an incomplete row image, an excluded
  /// column).
  [[nodiscard]] const Value* find(std::string_view name) const noexcept;
  /// The same, but std::out_of_range with the name.
  [[nodiscard]] const Value& at(std::string_view name) const;

  void reserve(std::size_t count) { columns_.reserve(count); }
  void add(std::string_view name, const Value& value) { columns_.push_back({name, value}); }

 private:
  std::vector<Column> columns_;
};

/// Where the change stands in the source's binlog.
struct SourcePosition {
  std::string_view file;
  std::uint64_t offset = 0;
  std::string_view gtid;  ///< "" without GTIDs
};

/// One record of a topic. All views, of names, texts and values, point into memory that the Change and its
/// copies own together: they are good as long as one of these lives.
struct Change {
  Operation operation = Operation::Insert;
  Format format = Format::Auto;
  std::string_view database;
  std::string_view table;  ///< "" of a schema change that is of no table or several
  /// Of Update and Delete. canal-json has the changed columns only: the others are taken from `after`, also
  /// those that an incomplete row image (the task's rowImages: AsLogged) did not hold, which that format
  /// cannot tell.
  Row before;
  Row after;             ///< of Insert, Update and SnapshotRead
  Row key;               ///< the key columns with their values; none where the table has no key
  std::string_view ddl;  ///< the statement of a SchemaChange
  SourcePosition position;
  /// The same in all changes of a transaction of the source: debezium-json's transaction.id where the task
  /// has transactionMetadata, else the GTID, else (dts-avro) its own; "" where the record does not say.
  std::string_view transaction_id;
  std::uint64_t transaction_order = 0;  ///< 1, 2, ... in the transaction; 0 without transactionMetadata
  std::chrono::sys_time<std::chrono::microseconds>
      committed_at;  ///< at the source, as exact as the format has it

  std::string_view topic;
  std::int32_t partition = -1;
  std::int64_t offset = -1;

  std::uint64_t assignment = 0;  ///< the Consumer's: which of its turns at the partition it was read in
  std::shared_ptr<const char[]> storage;
  std::size_t storage_size = 0;  ///< bytes
};

}  // namespace v1
}  // namespace rowtide
