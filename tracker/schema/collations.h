#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace rowtide::schema {

/// Names and defaults of character sets and collations. Knows the sets that all servers share; what a source
/// has beside them (its collations' names, other defaults) is added from its information_schema. The names
/// "utf8" and "utf8mb3" are the same. Ids are 0 where something is not known.
class Collations {
 public:
  /// `version`: 80015, 101106.
  Collations(bool is_mariadb, std::uint32_t version);

  void add(std::string_view collation, std::uint16_t id, std::string_view charset, bool is_default);

  /// `charset` completes MariaDB's short names (uca1400_ai_ci). A name that was not added: its character
  /// set's default, which has the same bytes.
  [[nodiscard]] std::uint16_t find(std::string_view collation, std::string_view charset) const;
  [[nodiscard]] std::uint16_t default_of(std::string_view charset) const;
  [[nodiscard]] std::uint16_t binary_of(std::string_view charset) const;
  void set_default(std::string_view charset, std::uint16_t id);

  /// Empty for an unknown id.
  [[nodiscard]] std::string_view charset_of(std::uint16_t id) const;
  /// Bytes of the longest character; 1 where it is not known.
  [[nodiscard]] std::uint32_t max_bytes(std::uint16_t id) const;

 private:
  std::map<std::string, std::uint16_t, std::less<>> ids_;
  std::map<std::string, std::uint16_t, std::less<>> defaults_;
};

}  // namespace rowtide::schema
