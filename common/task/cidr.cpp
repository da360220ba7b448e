#include "common/task/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

namespace rowtide::task {
namespace {

constexpr int kBitsPerByte = 8;

/// The address' bytes, and how many these are: 4, 16, or 0 for what is none.
struct Address {
  std::array<unsigned char, 16> bytes{};
  std::size_t size = 0;
};

Address parse_address(const std::string& text) {
  Address address;
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
    address.size = sizeof(in_addr);
  } else if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) {
    address.size = sizeof(in6_addr);
  }
  return address;
}

}  // namespace

bool is_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const Address address = parse_address(std::string(text.substr(0, slash)));
  const std::string_view bits = text.substr(slash + 1);
  int prefix = -1;
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), prefix);
  if (address.size == 0 || error != std::errc{} || end != bits.data() + bits.size() || prefix < 0)
    return false;
  if (prefix > static_cast<int>(address.size) * kBitsPerByte) return false;
  for (std::size_t i = 0; i < address.size; ++i) {
    const int counted = std::min(std::max(prefix - static_cast<int>(i) * kBitsPerByte, 0), kBitsPerByte);
    if ((address.bytes.at(i) & (0xFF >> counted)) != 0) return false;
  }
  return true;
}

std::string cidr_of_address(const std::string& address) {
  const std::size_t size = parse_address(address).size;
  return size == 0 ? "" : address + "/" + std::to_string(size * kBitsPerByte);
}

}  // namespace rowtide::task
