#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace rowtide::source {

// Failures of the source as absl::Status: the code says whether to try again (event_source.h), the text what
// failed and what to do, reason_of() the word for programs; and here the server's number.

/// 1045; 0 when the failure was not the server's or the client library's.
[[nodiscard]] unsigned error_number_of(const absl::Status& status);

/// What to do about it, where that depends on the number alone; else empty.
[[nodiscard]] std::string_view repair_of(unsigned number);

/// Where and as whom a connection is (to be) made, for texts.
struct Target {
  std::string host;
  std::uint16_t port = 0;
  std::string user;  ///< empty: not known (yet)
};

/// Turns an error of the client library or the server into a status. Never holds a password: the server's
/// texts do not, and nothing else of the account but its name is put in. Numbers: MySQL "Server/Client Error
/// Message Reference", MariaDB KB "MariaDB Error Codes".
[[nodiscard]] absl::Status classify_error(unsigned number, std::string_view text, const Target& target);

/// The address that the server saw, from texts such as "Access denied for user 'u'@'10.0.3.7' (...)" and
/// "Host '10.0.3.7' is not allowed to connect"; empty when there is none.
[[nodiscard]] std::string client_address_in(std::string_view text);

}  // namespace rowtide::source
