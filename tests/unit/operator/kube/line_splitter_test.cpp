#include "operator/kube/line_splitter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace rowtide::op::kube {
namespace {

using Lines = std::vector<std::string>;

TEST(LineSplitter, PutsLinesTogetherWhereverThePiecesEnd) {
  const std::string stream = "{\"a\":1}\n{\"b\":\"\xc3\xa9\"}\n\n{\"c\":3}\n";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    LineSplitter splitter(100);
    Lines lines;
    for (std::size_t at = 0; at < stream.size(); at += size) {
      bool go_on = true;
      ASSERT_TRUE(splitter
                      .feed(
                          std::string_view(stream).substr(at, size),
                          [&](std::string_view line) {
                            lines.emplace_back(line);
                            return true;
                          },
                          go_on)
                      .ok());
      EXPECT_TRUE(go_on);
    }
    EXPECT_EQ(lines, (Lines{"{\"a\":1}", "{\"b\":\"\xc3\xa9\"}", "{\"c\":3}"})) << "pieces of " << size;
    EXPECT_FALSE(splitter.in_line());
  }
}

TEST(LineSplitter, RefusesALineAboveTheLimitAlsoInPieces) {
  LineSplitter splitter(8);
  bool go_on = true;
  const auto take = [](std::string_view) { return true; };
  EXPECT_TRUE(splitter.feed("12345678\n1234", take, go_on).ok());
  EXPECT_TRUE(splitter.in_line());
  EXPECT_TRUE(absl::IsResourceExhausted(splitter.feed("56789", take, go_on)));
}

TEST(LineSplitter, StopsWhenTheHandlerHasEnough) {
  LineSplitter splitter(100);
  Lines lines;
  bool go_on = true;
  ASSERT_TRUE(splitter
                  .feed(
                      "a\nb\nc\n",
                      [&](std::string_view line) {
                        lines.emplace_back(line);
                        return line != "b";
                      },
                      go_on)
                  .ok());
  EXPECT_FALSE(go_on);
  EXPECT_EQ(lines, (Lines{"a", "b"}));
}

}  // namespace
}  // namespace rowtide::op::kube
