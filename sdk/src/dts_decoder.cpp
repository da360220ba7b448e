#include "sdk/src/dts_decoder.h"

#include <array>
#include <charconv>
#include <cstring>
#include <string>
#include <vector>

#include "sdk/src/avro_reader.h"
#include "sdk/src/json_document.h"

namespace rowtide {
inline namespace v1 {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kNullBranch = 0;
constexpr std::int64_t kTextBranch = 1;
constexpr std::int64_t kListBranch = 2;

enum class DtsOperation : std::int64_t { Insert = 0, Update = 1, Delete = 2, Ddl = 3, Begin = 4, Commit = 5 };

// Branches of the union of values, in the schema's order; the ones that the source database MySQL never has
// are not here.
enum class DtsBranch : std::int64_t {
  Null = 0,
  Integer = 1,
  Character = 2,
  Decimal = 3,
  Float = 4,
  Timestamp = 5,
  DateTime = 6,
  BinaryGeometry = 8,
  BinaryObject = 10,
  TextObject = 11,
  EmptyObject = 12,
};

// Numbers of MySQL's field types.
constexpr std::int64_t kDateNumber = 10;
constexpr std::int64_t kTimeNumber = 11;
constexpr std::int64_t kYearNumber = 13;
constexpr std::int64_t kBitNumber = 16;

struct DtsField {
  std::string_view name;
  std::int64_t type = 0;
};

/// No text that is made, instead of copied, is longer.
constexpr std::size_t kLongestMade = 160;

/// Numbers and times as text, behind the copied record.
class MadeTexts {
 public:
  explicit MadeTexts(char* next) : next_(next), begin_(next) {}

  MadeTexts& number(std::int64_t value, int width = 0) {
    std::array<char, 24> digits;
    const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    for (auto size = end - digits.data(); size < width; ++size) *next_++ = '0';
    for (const char* digit = digits.data(); digit != end; ++digit) *next_++ = *digit;
    return *this;
  }
  MadeTexts& put(char c) {
    *next_++ = c;
    return *this;
  }
  std::string_view finish() {
    const std::string_view text(begin_, static_cast<std::size_t>(next_ - begin_));
    begin_ = next_;
    return text;
  }

 private:
  char* next_;
  char* begin_;
};

using Part = std::optional<std::int64_t>;

Part read_part(AvroReader& reader) {
  return reader.read_long() == kNullBranch ? Part{} : Part{reader.read_long()};
}

std::int64_t size_of(const Part& part) {
  const std::int64_t value = part.value_or(0);
  return value < 0 ? ~value + 1 : value;
}

bool is_negative(const Part& part) {
  return part.value_or(0) < 0;
}

Value read_datetime(AvroReader& reader, std::int64_t type, MadeTexts& made) {
  std::array<Part, 7> parts;  // year to second, microseconds
  for (Part& part : parts) part = read_part(reader);
  if (type == kYearNumber) return Value::of_int64(parts[0].value_or(0));
  const auto put_clock = [&] {
    made.number(size_of(parts[3]), 2)
        .put(':')
        .number(size_of(parts[4]), 2)
        .put(':')
        .number(size_of(parts[5]), 2);
    if (parts[6]) made.put('.').number(size_of(parts[6]), 6);
  };
  if (type == kTimeNumber) {
    if (is_negative(parts[3]) || is_negative(parts[4]) || is_negative(parts[5]) || is_negative(parts[6]))
      made.put('-');
    put_clock();
    return Value::of_text(ValueKind::Time, made.finish());
  }
  made.number(size_of(parts[0]), 4)
      .put('-')
      .number(size_of(parts[1]), 2)
      .put('-')
      .number(size_of(parts[2]), 2);
  if (type == kDateNumber) return Value::of_text(ValueKind::Date, made.finish());
  made.put(' ');
  put_clock();
  return Value::of_text(ValueKind::DateTime, made.finish());
}

/// Seconds and microseconds; a zero TIMESTAMP is 0.
Value read_timestamp(AvroReader& reader, MadeTexts& made) {
  const std::int64_t seconds = reader.read_long();
  const std::int64_t micros = reader.read_long();
  constexpr std::int64_t kYear10000 = 253'402'300'800;
  if (seconds < 0 || seconds >= kYear10000 || micros < 0 || micros > 999'999)
    throw AvroError("a TIMESTAMP out of range");
  const CivilTime civil = datetime_of_micros(seconds * 1'000'000 + micros);
  made.number(civil.year, 4).put('-').number(civil.month, 2).put('-').number(civil.day, 2).put(' ');
  made.number(civil.hour, 2).put(':').number(civil.minute, 2).put(':').number(civil.second, 2);
  if (micros != 0) made.put('.').number(micros, 6);
  return Value::of_text(ValueKind::Timestamp, made.finish());
}

Value dts_integer(std::string_view digits, std::int64_t type) {
  const char* const end = digits.data() + digits.size();
  std::int64_t whole = 0;
  if (type != kBitNumber && std::from_chars(digits.data(), end, whole).ptr == end &&
      std::from_chars(digits.data(), end, whole).ec == std::errc{})
    return Value::of_int64(whole);
  std::uint64_t large = 0;
  const auto [last, error] = std::from_chars(digits.data(), end, large);
  if (last != end || error != std::errc{}) throw AvroError("an integer that is none");
  return Value::of_uint64(large);
}

/// Nothing: the row image does not hold the column.
std::optional<Value> read_dts_value(AvroReader& reader, std::int64_t type, MadeTexts& made) {
  switch (static_cast<DtsBranch>(reader.read_long())) {
    case DtsBranch::Null:
      return Value{};
    case DtsBranch::Integer:
      reader.read_long();  // precision
      return dts_integer(reader.read_bytes(), type);
    case DtsBranch::Character:
      if (reader.read_bytes() != "utf8") throw AvroError("a text that is not UTF-8");
      return Value::of_text(ValueKind::Text, reader.read_bytes());
    case DtsBranch::Decimal: {
      const std::string_view digits = reader.read_bytes();
      reader.read_long();  // precision
      reader.read_long();  // scale
      return Value::of_text(ValueKind::Decimal, digits);
    }
    case DtsBranch::Float: {
      const double number = reader.read_double();
      reader.read_long();
      reader.read_long();
      return Value::of_double(number);
    }
    case DtsBranch::Timestamp:
      return read_timestamp(reader, made);
    case DtsBranch::DateTime:
      return read_datetime(reader, type, made);
    case DtsBranch::BinaryGeometry:
    case DtsBranch::BinaryObject:
      reader.read_bytes();  // what it is
      return Value::of_text(ValueKind::Bytes, reader.read_bytes());
    case DtsBranch::TextObject: {
      const bool is_json = reader.read_bytes() == "json";
      return Value::of_text(is_json ? ValueKind::Json : ValueKind::Text, reader.read_bytes());
    }
    case DtsBranch::EmptyObject:
      reader.read_long();  // why
      return std::nullopt;
  }
  throw AvroError("a value of a kind that MySQL does not have");
}

void read_image(AvroReader& reader, const std::vector<DtsField>& fields, MadeTexts& made, Row& row) {
  row.reserve(fields.size());
  std::size_t i = 0;
  reader.read_blocks([&] {
    if (i == fields.size()) throw AvroError("more values than columns");
    const std::optional<Value> value = read_dts_value(reader, fields[i].type, made);
    if (value) row.add(fields[i].name, *value);
    ++i;
  });
  if (i != fields.size()) throw AvroError("fewer values than columns");
}

/// database.table, with the dots inside names written as \u002E, which only names hold.
std::string_view unescaped_name(std::string_view name) {
  constexpr std::string_view kDot = "\\u002E";
  if (name.find(kDot) == std::string_view::npos) return name;
  char* const begin = const_cast<char*>(name.data());  // of our own storage
  char* out = begin;
  for (std::size_t i = 0; i < name.size();) {
    const bool is_dot = name.substr(i).starts_with(kDot);
    *out++ = is_dot ? '.' : name[i];
    i += is_dot ? kDot.size() : 1;
  }
  return {begin, static_cast<std::size_t>(out - begin)};
}

/// "484@mysql-bin.000003"
void read_place(std::string_view place, SourcePosition& position) {
  const auto [end, error] = std::from_chars(place.data(), place.data() + place.size(), position.offset);
  if (error != std::errc{} || end == place.data() + place.size() || *end != '@')
    throw AvroError("no sourcePosition");
  position.file = place.substr(static_cast<std::size_t>(end - place.data()) + 1);
}

/// One walk over a record. The first, over Kafka's bytes, ends at the fields and only counts them; the
/// second, over the change's own copy, keeps what it meets.
class DtsRecord {
 public:
  explicit DtsRecord(std::string_view bytes) : reader_(bytes) {}

  /// False: this is no such record.
  bool read_head(Change& change) {
    if (reader_.read_long() != kVersion) return false;
    reader_.read_long();  // id
    reader_.read_long();  // sourceTimestamp
    read_place(reader_.read_bytes(), change.position);
    reader_.read_bytes();  // safeSourcePosition
    change.transaction_id = reader_.read_bytes();
    if (!change.transaction_id.starts_with("file=")) change.position.gtid = change.transaction_id;
    reader_.read_long();   // source.sourceType
    reader_.read_bytes();  // source.version
    operation_ = static_cast<DtsOperation>(reader_.read_long());
    if (reader_.read_long() == kTextBranch) object_ = reader_.read_bytes();
    if (reader_.read_long() != kNullBranch)
      reader_.read_blocks([&] { reader_.read_long(); });  // processTimestamps
    reader_.read_blocks([&] {
      const bool is_keys = reader_.read_bytes() == "pk_uk_info";
      const std::string_view text = reader_.read_bytes();
      if (is_keys) keys_ = text;
    });
    if (reader_.read_long() == kListBranch) {
      reader_.read_blocks([&] {
        const std::string_view name = reader_.read_bytes();
        fields_.push_back({name, reader_.read_long()});
      });
    }
    return true;
  }

  void read_rest(MadeTexts& made, Change& change) {
    if (reader_.read_long() == kListBranch) read_image(reader_, fields_, made, change.before);
    const std::int64_t branch = reader_.read_long();
    if (branch == kListBranch) read_image(reader_, fields_, made, change.after);
    if (branch == kTextBranch) change.ddl = reader_.read_bytes();
    change.committed_at =
        std::chrono::sys_time<std::chrono::microseconds>(std::chrono::milliseconds(reader_.read_long()));
    const std::size_t dot = object_.find('.');
    if (dot != std::string_view::npos) change.table = unescaped_name(object_.substr(dot + 1));
    change.database = unescaped_name(object_.substr(0, dot));
  }

  [[nodiscard]] DtsOperation operation() const { return operation_; }
  [[nodiscard]] std::size_t fields() const { return fields_.size(); }
  [[nodiscard]] std::string_view keys() const { return keys_; }
  [[nodiscard]] std::size_t position() const { return reader_.position(); }

 private:
  AvroReader reader_;
  DtsOperation operation_ = DtsOperation::Ddl;
  std::string_view object_;
  std::string_view keys_;
  std::vector<DtsField> fields_;
};

/// Of pk_uk_info: {"PRIMARY":["id"]}
void add_keys(std::string_view json, Change& change) {
  if (json.empty()) return;
  const Row& image = change.after.empty() ? change.before : change.after;
  JsonDocument document;
  for (const auto& [kind, names] : document.parse_object(json)) {
    for (const simdjson::dom::element name : array_of(names)) {
      const std::string_view text = name.get_string().value();
      for (const Column& column : image) {
        if (column.name == text) change.key.add(column.name, column.value);
      }
    }
  }
}

Outcome outcome_of(const DtsRecord& dts, Decoded& out) {
  Change& change = out.change;
  switch (dts.operation()) {
    case DtsOperation::Insert:
      change.operation = Operation::Insert;
      break;
    case DtsOperation::Update:
      change.operation = Operation::Update;
      break;
    case DtsOperation::Delete:
      change.operation = Operation::Delete;
      break;
    case DtsOperation::Ddl:
      change.operation = Operation::SchemaChange;
      return Outcome::Change;
    case DtsOperation::Begin:
    case DtsOperation::Commit:
      out.mark = {std::string(change.transaction_id), std::nullopt};
      return dts.operation() == DtsOperation::Begin ? Outcome::Begin : Outcome::End;
    default:
      out.problem = "its operation has the number " +
                    std::to_string(static_cast<std::int64_t>(dts.operation())) +
                    ", which this SDK does not know";
      return Outcome::Damaged;
  }
  add_keys(dts.keys(), change);
  return Outcome::Change;
}

class DtsDecoder final : public RecordDecoder {
 public:
  Outcome decode(const Record& record, Decoded& out) override {
    std::size_t size = 0;
    const Outcome outcome = decode_dts(record, out, size);
    if (outcome == Outcome::Change && size != record.value->size()) {
      out.problem = "it is longer than its content";
      return Outcome::Damaged;
    }
    return outcome;
  }
};

}  // namespace

Outcome decode_dts(const Record& record, Decoded& out, std::size_t& size) {
  out.change = Change{};
  if (!record.value) return Outcome::Tombstone;
  constexpr char kVersionByte = 2 * kVersion;
  if (!record.value->starts_with(kVersionByte)) return Outcome::OtherFormat;
  try {
    DtsRecord first(*record.value);
    if (!first.read_head(out.change)) return Outcome::OtherFormat;
    out.change = Change{};
    const std::size_t value_size = record.value->size();
    out.change.storage_size = value_size + record.topic.size() + first.fields() * 2 * kLongestMade;
    const std::shared_ptr<char[]> bytes(new char[out.change.storage_size]);
    std::memcpy(bytes.get(), record.value->data(), value_size);
    std::memcpy(bytes.get() + value_size, record.topic.data(), record.topic.size());
    out.change.storage = bytes;
    out.change.format = Format::DtsAvro;
    out.change.topic = std::string_view(bytes.get() + value_size, record.topic.size());
    DtsRecord dts(std::string_view(bytes.get(), value_size));
    static_cast<void>(dts.read_head(out.change));
    MadeTexts made(bytes.get() + value_size + record.topic.size());
    dts.read_rest(made, out.change);
    size = dts.position();
    return outcome_of(dts, out);
  } catch (const AvroError& error) {
    out.problem = std::string("it is no record of dts-avro: ") + error.what();
  } catch (const simdjson::simdjson_error& error) {
    out.problem = "its pk_uk_info: " + describe(error);
  }
  return Outcome::Damaged;
}

std::unique_ptr<RecordDecoder> make_dts_decoder() {
  return std::make_unique<DtsDecoder>();
}

}  // namespace v1
}  // namespace rowtide
