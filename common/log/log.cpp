#include "common/log/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "common/log/printable.h"

namespace rowtide::log {
namespace {

// %* in the patterns: the message, such that a line is always one line, or one object.
class Message : public spdlog::custom_flag_formatter {
 public:
  explicit Message(bool in_json) : in_json_(in_json) {}
  void format(const spdlog::details::log_msg& msg, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string text = printable({msg.payload.data(), msg.payload.size()}, in_json_);
    out.append(text.data(), text.data() + text.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<Message>(in_json_);
  }

 private:
  bool in_json_;
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
    const bool in_json = format == Format::Json;
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<Message>('*', in_json)
        .set_pattern(in_json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":"%*"})"
                             : "%Y-%m-%d %H:%M:%S.%e %^%-5l%$ %*");
    logger->set_formatter(std::move(formatter));
    spdlog::set_default_logger(std::move(logger));
    return true;
  }
  return false;
}

}  // namespace rowtide::log
