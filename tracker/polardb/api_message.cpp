#include "tracker/polardb/api_message.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string_view>

namespace rowtide::polardb {
namespace {

constexpr std::size_t kMaxMessage = 300;

bool is_same_letter(unsigned char a, unsigned char b) {
  return std::tolower(a) == std::tolower(b);
}

void cut_from(std::string& message, std::string_view words) {
  message.erase(std::search(message.begin(), message.end(), words.begin(), words.end(), is_same_letter),
                message.end());
}

void take_out(std::string& message, const std::string& secret) {
  if (secret.empty()) return;
  for (std::size_t at = message.find(secret); at != std::string::npos; at = message.find(secret, at)) {
    message.replace(at, secret.size(), "***");
    at += 3;
  }
}

/// As it is, as in a query, and as in the string that is signed, where the query is encoded again.
void take_out_encoded(std::string& message, const Parameters& sent, const char* name) {
  const auto found = sent.find(name);
  if (found == sent.end()) return;
  const std::string once = percent_encoded(found->second);
  for (const std::string& each : {percent_encoded(once), once, found->second}) take_out(message, each);
}

void shorten(std::string& message) {
  if (message.size() <= kMaxMessage) return;
  std::size_t end = kMaxMessage;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80)
    --end;  // not inside a character
  message.resize(end);
}

}  // namespace

std::string told_of(std::string message, const Parameters& sent) {
  cut_from(message, "server string to sign");
  cut_from(message, "string to sign");
  take_out_encoded(message, sent, "AccessKeyId");
  take_out_encoded(message, sent, "SecurityToken");
  std::replace_if(
      message.begin(), message.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, ' ');
  shorten(message);
  return message.substr(0, message.find_last_not_of(' ') + 1);
}

}  // namespace rowtide::polardb
