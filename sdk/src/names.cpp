#include "rowtide/change.h"
#include "rowtide/error.h"
#include "rowtide/value.h"

namespace rowtide {
inline namespace v1 {

std::string_view name_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::InvalidOptions:
      return "InvalidOptions";
    case ErrorCode::Unreachable:
      return "Unreachable";
    case ErrorCode::Unauthorized:
      return "Unauthorized";
    case ErrorCode::UnknownTopic:
      return "UnknownTopic";
    case ErrorCode::TimeOutsideDataRange:
      return "TimeOutsideDataRange";
    case ErrorCode::PositionLost:
      return "PositionLost";
    case ErrorCode::Undecodable:
      return "Undecodable";
    case ErrorCode::TransactionTooLarge:
      return "TransactionTooLarge";
    case ErrorCode::Checkpoint:
      return "Checkpoint";
    case ErrorCode::Kafka:
      return "Kafka";
    case ErrorCode::Closed:
      return "Closed";
  }
  return "";
}

std::string_view name_of(ValueKind kind) noexcept {
  switch (kind) {
    case ValueKind::Null:
      return "Null";
    case ValueKind::Bool:
      return "Bool";
    case ValueKind::Int64:
      return "Int64";
    case ValueKind::UInt64:
      return "UInt64";
    case ValueKind::Double:
      return "Double";
    case ValueKind::Decimal:
      return "Decimal";
    case ValueKind::Text:
      return "Text";
    case ValueKind::Bytes:
      return "Bytes";
    case ValueKind::Date:
      return "Date";
    case ValueKind::Time:
      return "Time";
    case ValueKind::DateTime:
      return "DateTime";
    case ValueKind::Timestamp:
      return "Timestamp";
    case ValueKind::Json:
      return "Json";
  }
  return "";
}

std::string_view name_of(Format format) noexcept {
  switch (format) {
    case Format::Auto:
      return "auto";
    case Format::DebeziumJson:
      return "debezium-json";
    case Format::CanalJson:
      return "canal-json";
    case Format::DtsAvro:
      return "dts-avro";
  }
  return "";
}

std::string_view name_of(Operation operation) noexcept {
  switch (operation) {
    case Operation::Insert:
      return "Insert";
    case Operation::Update:
      return "Update";
    case Operation::Delete:
      return "Delete";
    case Operation::SnapshotRead:
      return "SnapshotRead";
    case Operation::SchemaChange:
      return "SchemaChange";
    case Operation::Truncate:
      return "Truncate";
  }
  return "";
}

}  // namespace v1
}  // namespace rowtide
