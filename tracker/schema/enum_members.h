#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rowtide::schema {

/// ENUM and SET members (UTF-8) after a CONVERT TO CHARACTER SET: the servers keep the members' bytes as they
/// were and read them in the new character set, so that 'a' of ucs2 becomes "\0a" in latin1. nullopt: not
/// known, because the bytes in the old character set are not, or are no text in the new one.
[[nodiscard]] std::optional<std::vector<std::string>> members_after_convert(
    const std::vector<std::string>& members, std::uint16_t from, std::uint16_t to);

}  // namespace rowtide::schema
