#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rowtide::record {

/// What Kafka is to take a format's message timestamps for.
enum class TimestampUnit : std::uint8_t { Milliseconds, Seconds };

/// What the source did to the row of a record; None: it is of no row.
enum class Operation : std::uint8_t { None, Insert, Update, Delete };

struct RecordHeader {
  std::string_view name;
  std::string_view value;
};

/// One message to be. A view into its RecordBatch.
struct Record {
  std::string_view topic;
  std::string_view table;  ///< "database.table"; for schema changes of a database just "database"
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  ///< nullopt: tombstone
  /// Of a schema change of several tables: all of them, each as `table`. Which of them `table` names is the
  /// format's affair.
  std::span<const std::string> tables;
  std::span<const RecordHeader> headers;
  std::int64_t timestamp_ms = 0;
  bool is_schema_change = false;
  Operation operation = Operation::None;
};

/// Encoded records, back to back in one buffer that is kept over clear(). An encoder appends: begin_record(),
/// the key's bytes, end_key(), the value's bytes, end_record(). Records are read back by index; their views
/// are valid until the next append or clear(). Not thread-safe.
class RecordBatch {
 public:
  /// `topic` and `table` must outlive the batch's use (they belong to the encoder).
  void begin_record(std::string_view topic, std::string_view table, std::int64_t timestamp_ms);
  /// A copy of `text` that lives until clear(): for a topic or table that nobody else keeps.
  [[nodiscard]] std::string_view keep(std::string_view text);
  [[nodiscard]] std::string& buffer() { return bytes_; }
  void end_key();  ///< what was appended since begin_record() is the key; not called: null key
  void add_header(std::string_view name, std::string_view value);  ///< copies value; name must be static
  void mark_schema_change();                               ///< the record is one, and its key not a row's
  void add_tables(std::vector<std::string> tables);        ///< of a schema change of several
  void mark_rows(std::size_t first, Operation operation);  ///< of all records from `first` on
  void end_record();                                       ///< what was appended since the key is the value
  void end_record_tombstone();                             ///< null value

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }
  /// The headers' views stay valid until the next call of record().
  [[nodiscard]] Record record(std::size_t index) const;
  /// Takes the records from `size` on back.
  void truncate(std::size_t size);
  void clear();

 private:
  struct Entry {
    std::string_view topic;
    std::string_view table;
    std::int64_t timestamp_ms = 0;
    std::size_t key_begin = 0;
    std::size_t value_begin = 0;
    std::size_t value_end = 0;
    std::uint32_t first_header = 0;
    std::uint32_t header_count = 0;
    const std::vector<std::string>* tables = nullptr;
    bool has_key = false;
    bool has_value = false;
    bool is_schema_change = false;
    Operation operation = Operation::None;
  };
  struct HeaderEntry {
    std::string_view name;
    std::size_t value_begin = 0;
    std::size_t value_size = 0;
  };
  std::string bytes_;
  std::vector<Entry> entries_;
  std::vector<HeaderEntry> headers_;
  std::string header_bytes_;
  std::deque<std::string> kept_;
  std::deque<std::vector<std::string>> kept_tables_;
  mutable std::vector<RecordHeader> header_views_;
};

}  // namespace rowtide::record
