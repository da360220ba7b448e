#include "common/http/foreign_page.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace rowtide::http {
namespace {

/// PowerShell calls itself Mozilla, too.
bool is_browser(const std::string& user_agent) {
  return user_agent.starts_with("Mozilla/") && user_agent.find("PowerShell/") == std::string::npos;
}

bool is_address(int family, const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return ::inet_pton(family, host.c_str(), address.data()) == 1;
}

}  // namespace

bool is_address_or_localhost(std::string host) {
  std::transform(host.begin(), host.end(), host.begin(), [](unsigned char c) { return std::tolower(c); });
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end != std::string::npos && is_address(AF_INET6, host.substr(1, end - 1));
  }
  host = host.substr(0, host.find(':'));
  return host.empty() || host == "localhost" || host.ends_with(".localhost") || is_address(AF_INET, host);
}

bool is_foreign_page(const Header& header) {
  if (const std::string site = header("Sec-Fetch-Site"); !site.empty())
    return site != "same-origin" && site != "none";
  if (!header("Origin").empty() || is_browser(header("User-Agent"))) return true;
  const bool may_be_browser = !header("Accept-Language").empty() && header("Sec-Fetch-Mode").empty();
  return may_be_browser && !is_address_or_localhost(header("Host"));
}

}  // namespace rowtide::http
