#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace rowtide::test::check {

// Is `got`, a field of a debezium-json record, the value that the server shows as text? Written from
// Debezium's documentation and not from Rowtide's encoder: it must not share that one's errors.

bool integer(const std::string& shown, const nlohmann::json& got);
bool real(const std::string& shown, const nlohmann::json& got);    ///< DOUBLE
bool real32(const std::string& shown, const nlohmann::json& got);  ///< FLOAT
bool text(const std::string& shown, const nlohmann::json& got);    ///< DECIMAL too
bool bytes(const std::string& shown, const nlohmann::json& got);   ///< shown as HEX
bool boolean(const std::string& shown, const nlohmann::json& got);
/// BIT(width), shown as a number.
bool bits(unsigned width, const std::string& shown, const nlohmann::json& got);
bool date(bool is_nullable, const std::string& shown, const nlohmann::json& got);
bool datetime(int decimals, bool is_nullable, const std::string& shown, const nlohmann::json& got);
bool time(const std::string& shown, const nlohmann::json& got);
bool timestamp(const std::string& shown, const nlohmann::json& got);  ///< shown in UTC
/// Shown as HEX of SRID and WKB.
bool geometry(bool is_point, const std::string& shown, const nlohmann::json& got);
/// MySQL's binary JSON: same structure, exact numbers, order of keys as shown.
bool document(const std::string& shown, const nlohmann::json& got);

}  // namespace rowtide::test::check
