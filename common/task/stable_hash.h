#pragma once

#include <string>
#include <string_view>

namespace rowtide::task {

/// 16 hexadecimal digits, the same on every machine and in every version: another one would restart every
/// tracker at an upgrade.
[[nodiscard]] std::string stable_hash(std::string_view text);

}  // namespace rowtide::task
