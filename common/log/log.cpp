#include "common/log/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <memory>
#include <utility>

namespace rowtide::log {
namespace {

// spdlog has no JSON formatter of its own: %v is written by this flag, escaped, so that a line is always one
// object.
class JsonMessage : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& msg, const std::tm&, spdlog::memory_buf_t& out) override {
    for (const char character : msg.payload) append_escaped(character, out);
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonMessage>();
  }

 private:
  static void append_escaped(char character, spdlog::memory_buf_t& out) {
    constexpr std::string_view kHex = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      out.push_back('\\');
      out.push_back(character);
    } else if (byte < 0x20) {
      for (const char c : std::string_view{"\\u00"}) out.push_back(c);
      out.push_back(kHex[byte >> 4U]);
      out.push_back(kHex[byte & 0xFU]);
    } else {
      out.push_back(character);
    }
  }
};

constexpr std::array<std::pair<std::string_view, spdlog::level::level_enum>, 4> kLevels{{
    {"debug", spdlog::level::debug},
    {"info", spdlog::level::info},
    {"warn", spdlog::level::warn},
    {"error", spdlog::level::err},
}};

}  // namespace

bool init(std::string_view level, Format format) {
  for (const auto& [name, value] : kLevels) {
    if (name != level) continue;
    auto logger = spdlog::stderr_logger_mt("rowtide");
    logger->set_level(value);
    logger->flush_on(spdlog::level::info);
    if (format == Format::Json) {
      auto formatter = std::make_unique<spdlog::pattern_formatter>();
      formatter->add_flag<JsonMessage>('*').set_pattern(
          R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":"%*"})");
      logger->set_formatter(std::move(formatter));
    } else {
      logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-5l%$ %v");
    }
    spdlog::set_default_logger(std::move(logger));
    return true;
  }
  return false;
}

}  // namespace rowtide::log
