#include <string>
#include <utility>

#include "sdk/src/decoder.h"
#include "sdk/src/json_document.h"

namespace rowtide {
inline namespace v1 {
namespace {

using simdjson::dom::element;

std::optional<Operation> operation_of(std::string_view op) {
  if (op == "c") return Operation::Insert;
  if (op == "u") return Operation::Update;
  if (op == "d") return Operation::Delete;
  if (op == "r") return Operation::SnapshotRead;
  if (op == "t") return Operation::Truncate;
  return std::nullopt;
}

/// Which parts of an envelope were there.
struct Seen {
  bool source = false;
  bool before = false;
  bool after = false;
  bool ddl = false;
  std::string_view op;
  std::string_view status;
  std::string_view status_id;
  std::optional<std::uint64_t> event_count;
};

class DebeziumDecoder final : public RecordDecoder {
 public:
  Outcome decode(const Record& record, Decoded& out) override {
    out.change = Change{};
    if (!record.value) return Outcome::Tombstone;
    if (!record.value->starts_with('{')) return Outcome::OtherFormat;
    try {
      // Numbers inside VECTOR are written anew, and may be longer then: 100000000000000.0 for 1e+14.
      JsonStorage storage(record.topic.size() + 4 * record.value->size() +
                          (record.key ? record.key->size() : 0));
      const Outcome outcome = read_envelope(*record.value, storage, out);
      if (outcome == Outcome::Change) {
        out.change.topic = storage.keep(record.topic);
        read_key(record, storage, out.change);
        storage.hand_over(out.change);
      }
      return outcome;
    } catch (const simdjson::simdjson_error& error) {
      out.problem = describe(error);
      return Outcome::Damaged;
    }
  }

 private:
  Outcome read_envelope(std::string_view json, JsonStorage& storage, Decoded& out) {
    Seen seen;
    const simdjson::dom::object whole = json_.parse_object(json);
    has_schemas_ = whole.begin() != whole.end() && whole.begin().key() == "schema";
    for (const auto& [name, member] : has_schemas_ ? payload_of(whole) : whole) {
      read_member(name, member, storage, out.change, seen);
    }
    return judge(seen, out);
  }

  void read_member(std::string_view name, element member, JsonStorage& storage, Change& change, Seen& seen) {
    if (name == "before") {
      seen.before = !member.is_null();
      read_row(member, storage, change.before);
    } else if (name == "after") {
      seen.after = !member.is_null();
      read_row(member, storage, change.after);
    } else if (name == "source") {
      seen.source = true;
      read_source(member, storage, change);
    } else if (name == "transaction") {
      read_transaction(member, storage, change);
    } else if (name == "op") {
      seen.op = read_text(member, storage);
    } else if (name == "ddl") {
      seen.ddl = true;
      change.ddl = read_text(member, storage);
    } else if (name == "databaseName") {
      change.database = read_text(member, storage);
    } else if (name == "status") {
      seen.status = read_text(member, storage);
    } else if (name == "id" && !seen.status.empty()) {
      seen.status_id = read_text(member, storage);
    } else if (name == "event_count" && !member.is_null()) {
      seen.event_count = member.get_uint64().value();
    }
  }

  void read_source(element source, JsonStorage& storage, Change& change) {
    std::string_view database;
    std::int64_t micros = 0;
    for (const auto& [name, member] : object_of(source)) {
      if (name == "db") {
        database = read_text(member, storage);
      } else if (name == "table") {
        change.table = read_text(member, storage);
      } else if (name == "gtid") {
        change.position.gtid = read_text(member, storage);
      } else if (name == "file") {
        change.position.file = read_text(member, storage);
      } else if (name == "pos") {
        change.position.offset = member.get_uint64().value();
      } else if (name == "ts_us") {
        micros = member.get_int64().value();
      } else if (name == "ts_ms" && micros == 0) {
        micros = member.get_int64().value() * 1000;
      }
    }
    if (change.database.empty()) change.database = database;
    change.committed_at = std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(micros));
  }

  void read_transaction(element transaction, JsonStorage& storage, Change& change) {
    if (transaction.is_null()) return;
    for (const auto& [name, member] : object_of(transaction)) {
      if (name == "id") {
        change.transaction_id = read_text(member, storage);
      } else if (name == "total_order") {
        change.transaction_order = member.get_uint64().value();
      }
    }
  }

  static Outcome judge(const Seen& seen, Decoded& out) {
    Change& change = out.change;
    change.format = Format::DebeziumJson;
    if (change.transaction_id.empty()) change.transaction_id = change.position.gtid;
    if (!seen.op.empty() && seen.source) return judge_row(seen, out);
    if (seen.ddl && seen.source) {
      change.operation = Operation::SchemaChange;
      return Outcome::Change;
    }
    if (seen.status.empty() || seen.status_id.empty()) return Outcome::OtherFormat;
    out.mark.id = seen.status_id;
    out.mark.event_count = seen.event_count;
    if (seen.status == "BEGIN") return Outcome::Begin;
    if (seen.status == "END") return Outcome::End;
    out.problem = "its status is '" + std::string(seen.status) + "', which is neither BEGIN nor END";
    return Outcome::Damaged;
  }

  static Outcome judge_row(const Seen& seen, Decoded& out) {
    const std::optional<Operation> operation = operation_of(seen.op);
    if (!operation) {
      out.problem = "its op is '" + std::string(seen.op) + "', which this SDK does not know";
      return Outcome::Damaged;
    }
    out.change.operation = *operation;
    const bool needs_before = *operation == Operation::Delete;
    const bool needs_after = *operation == Operation::Insert || *operation == Operation::Update ||
                             *operation == Operation::SnapshotRead;
    if ((needs_before && !seen.before) || (needs_after && !seen.after)) {
      out.problem =
          "its op is '" + std::string(seen.op) + "', and it has no " + (needs_before ? "before" : "after");
      return Outcome::Damaged;
    }
    return Outcome::Change;
  }

  void read_key(const Record& record, JsonStorage& storage, Change& change) {
    if (!record.key || change.operation == Operation::SchemaChange) return;
    const simdjson::dom::object whole = json_.parse_object(*record.key);
    for (const auto& [name, member] : has_schemas_ ? payload_of(whole) : whole)
      change.key.add(storage.keep(name), read_value(member, storage));
  }

  /// Of {"schema":...,"payload":...}, as Kafka Connect's JSON converter writes with schemas.enable=true.
  static simdjson::dom::object payload_of(simdjson::dom::object whole) {
    return whole.at_key("payload").get_object().value();
  }

  JsonDocument json_;
  bool has_schemas_ = false;  ///< the record at hand, and so its key
};

}  // namespace

std::unique_ptr<RecordDecoder> make_debezium_decoder() {
  return std::make_unique<DebeziumDecoder>();
}

}  // namespace v1
}  // namespace rowtide
