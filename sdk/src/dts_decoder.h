#pragma once

#include <cstddef>

#include "sdk/src/decoder.h"

namespace rowtide {
inline namespace v1 {

/// The record that the value begins with, and how many bytes it has: `rowtide-tracker decode` writes one
/// behind the other.
[[nodiscard]] Outcome decode_dts(const Record& record, Decoded& out, std::size_t& size);

}  // namespace v1
}  // namespace rowtide
