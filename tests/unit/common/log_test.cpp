#include "common/log/log.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

namespace rowtide::log {
namespace {

TEST(Log, JsonLinesStayOneObjectWhateverTheMessage) {
  const auto before = spdlog::default_logger();
  testing::internal::CaptureStderr();
  ASSERT_TRUE(init("info", Format::Json));
  spdlog::info("a \"quoted\" back\\slash,\nand a second line");
  spdlog::debug("not shown");
  spdlog::default_logger()->flush();
  const std::string line = testing::internal::GetCapturedStderr();
  spdlog::set_default_logger(before);
  spdlog::drop("rowtide");

  const auto json = nlohmann::json::parse(line, nullptr, false);
  ASSERT_TRUE(json.is_object()) << line;
  EXPECT_EQ(json.at("message"), "a \"quoted\" back\\slash,\nand a second line");
  EXPECT_EQ(json.at("level"), "info");
}

TEST(Log, LinesAreUtf8WithoutControlBytesWhateverTheMessage) {
  for (const Format format : {Format::Text, Format::Json}) {
    const auto before = spdlog::default_logger();
    testing::internal::CaptureStderr();
    ASSERT_TRUE(init("info", format));
    spdlog::info("table {} of\t中文\x7f\u009b\nend", std::string_view("a\0b\xff\x1b", 5));
    spdlog::default_logger()->flush();
    const std::string line = testing::internal::GetCapturedStderr();
    spdlog::set_default_logger(before);
    spdlog::drop("rowtide");

    EXPECT_NE(line.find(R"(table a\u0000b)"
                        "\uFFFD"
                        R"(\u001b of\t中文\u007f\u009b\nend)"),
              std::string::npos)
        << line;
    EXPECT_EQ(line.find('\n'), line.size() - 1) << "one line";
  }
}

TEST(Log, UnknownLevelIsRefused) {
  EXPECT_FALSE(init("loud", Format::Text));
}

}  // namespace
}  // namespace rowtide::log
