#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "tests/unit/tracker/binlog/event_bytes.h"
#include "tracker/types/families.h"

namespace rowtide::binlog {

/// The body of a TABLE_MAP event, column by column.
class TableMapBytes {
 public:
  TableMapBytes(std::string_view database, std::string_view table) {
    head_.u48(0x010203040506U).u16(1).counted(database).u8(0).counted(table).u8(0);
  }
  TableMapBytes& column(types::WireType type, std::initializer_list<std::uint8_t> metadata = {},
                        bool is_nullable = false) {
    if (count_ % 8 == 0) nulls_.push_back('\0');
    if (is_nullable) nulls_.back() = static_cast<char>(nulls_.back() | (1 << count_ % 8));
    types_.u8(static_cast<std::uint8_t>(type));
    for (const std::uint8_t byte : metadata) metadata_.u8(byte);
    ++count_;
    return *this;
  }
  /// An optional field.
  TableMapBytes& field(std::uint8_t type, std::string_view value) {
    fields_.u8(type).counted(value);
    return *this;
  }

  [[nodiscard]] std::string str() const {
    EventBytes body = head_;
    return body.counted(types_.str()).counted(metadata_.str()).text(nulls_).text(fields_.str()).str();
  }

 private:
  EventBytes head_;
  EventBytes types_;
  EventBytes metadata_;
  EventBytes fields_;
  std::string nulls_;
  unsigned count_ = 0;
};

}  // namespace rowtide::binlog
