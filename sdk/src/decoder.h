#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rowtide/change.h"

namespace rowtide {
inline namespace v1 {

/// A Kafka record's bytes, as they came.
struct Record {
  std::string_view topic;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  ///< nothing: a tombstone
};

enum class Outcome : std::uint8_t {
  Change,
  Tombstone,
  Begin,        ///< of a transaction; only `mark` is set
  End,          ///< of a transaction; only `mark` is set
  OtherFormat,  ///< what a decoder of one format says of a record of another
  Damaged,      ///< `problem` says why
};

struct TransactionMark {
  std::string id;
  std::optional<std::uint64_t> event_count;  ///< of End, where the format has it
};

/// What a record says. Used again for each record.
struct Decoded {
  Change change;
  TransactionMark mark;
  std::string problem;
};

/// Records of one format, or of all, as changes. Keeps buffers between calls. One thread at a time.
class RecordDecoder {
 public:
  RecordDecoder() = default;
  RecordDecoder(const RecordDecoder&) = delete;
  RecordDecoder& operator=(const RecordDecoder&) = delete;
  virtual ~RecordDecoder() = default;

  /// Never throws because of what stands in the record. A change has everything but partition, offset and
  /// assignment.
  [[nodiscard]] virtual Outcome decode(const Record& record, Decoded& out) = 0;
};

[[nodiscard]] std::unique_ptr<RecordDecoder> make_debezium_decoder();
[[nodiscard]] std::unique_ptr<RecordDecoder> make_canal_decoder();
[[nodiscard]] std::unique_ptr<RecordDecoder> make_dts_decoder();
/// Format::Auto: tries the format of the record before first.
[[nodiscard]] std::unique_ptr<RecordDecoder> make_decoder(Format format);

}  // namespace v1
}  // namespace rowtide
