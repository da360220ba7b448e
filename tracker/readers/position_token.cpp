#include "tracker/readers/position_token.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"

namespace rowtide::readers {

std::string to_text(const PositionToken& token) {
  const std::string json = fmt::format(R"({{"s":"{}","n":{},"p":{}}})", token.session, token.commit,
                                       binlog::to_json(token.position));
  return std::string(absl::WebSafeBase64Escape(absl::string_view(json.data(), json.size())));
}

absl::StatusOr<PositionToken> token_from_text(std::string_view text) {
  const absl::Status refused = absl::InvalidArgumentError(
      fmt::format("\"{}\" is no position of this stream; give one that stood in a line of it, unchanged",
                  text.substr(0, 80)));
  std::string json;
  if (!absl::WebSafeBase64Unescape(absl::string_view(text.data(), text.size()), &json)) return refused;
  // What is nested deeper is no position; to write it as text again would go as deep.
  constexpr int kMaxDepth = 16;
  const auto fields = nlohmann::json::parse(
      json, [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth < kMaxDepth; },
      false);
  if (!fields.is_object() || !fields.contains("s") || !fields["s"].is_string() || !fields.contains("n") ||
      !fields["n"].is_number_unsigned() || !fields.contains("p") || !fields["p"].is_object())
    return refused;
  auto position = binlog::position_from_json(fields["p"].dump());
  if (!position.ok()) return refused;
  return PositionToken{.session = fields["s"].get<std::string>(),
                       .commit = fields["n"].get<std::uint64_t>(),
                       .position = *std::move(position)};
}

}  // namespace rowtide::readers
