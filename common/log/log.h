#pragma once

#include <string_view>

namespace rowtide::log {

enum class Format { Text, Json };

/// Sets spdlog's default logger up: stderr, level from `level` ("debug", "info", "warn", "error"). Call once,
/// first thing in main(); before that, and in tests, spdlog's own default is used. Log with spdlog::info()
/// and friends. False if the level's name is not known.
[[nodiscard]] bool init(std::string_view level, Format format);

}  // namespace rowtide::log
