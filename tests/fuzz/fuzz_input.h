#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "common/bytes/byte_reader.h"
#include "tracker/sql/session.h"

// What the targets share. A target is one LLVMFuzzerTestOneInput: driven by libFuzzer, or by replay_main.cpp.

namespace rowtide::fuzz {

inline Bytes as_input(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

/// What must hold, whatever the input: a finding if it does not.
inline void require(bool condition) {
  if (!condition) std::abort();
}

/// Knows no table.
class NoServer final : public sql::Session {
 public:
  absl::StatusOr<sql::Result> query(std::string_view /*sql*/) override { return sql::Result{}; }
};

}  // namespace rowtide::fuzz
