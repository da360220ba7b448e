#pragma once

#include <string>
#include <string_view>

namespace rowtide::task {

/// "10.0.3.0/24" or "2001:db8::/64": an address and how many of its bits count; the others are 0.
[[nodiscard]] bool is_cidr(std::string_view text);

/// "10.0.3.7" -> "10.0.3.7/32", an IPv6 address with /128. Empty for what is no address, such as a name.
[[nodiscard]] std::string cidr_of_address(const std::string& address);

}  // namespace rowtide::task
