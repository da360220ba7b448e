#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/cli/command_table.h"
#include "common/cli/completion.h"
#include "common/cli/man_page.h"
#include "common/cli/self_description.h"

namespace rowtide::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CliTest : public testing::Test {
 protected:
  CliTest() {
    app_.add_flag("-q,--quiet", quiet_, "the server's own [only]: a\\b");
    app_.add_option("--hidden", text_)->group("");
    app_.add_option("--number", number_, "a number")
        ->check(CLI::Range(1, 9))
        ->required()
        ->capture_default_str();
    CLI::App* go = app_.add_subcommand("go", ".begins with a dot");
    go->add_option("what", text_)->check(CLI::IsMember({"one", "two"}));
    add_self_description(app_, {.section = 8, .see_also = "other(1)"});
  }

  /// What parsing the words prints.
  std::string printed(const std::string& words) {
    testing::internal::CaptureStdout();
    EXPECT_THROW(app_.parse(words), CLI::Success) << words;
    return testing::internal::GetCapturedStdout();
  }

  CLI::App app_{"Does things.", "some-program"};
  bool quiet_ = false;
  int number_ = 7;
  std::string text_;
};

TEST_F(CliTest, TheTableIsWhatHelpShows) {
  const Command program = describe(app_);
  ASSERT_EQ(program.options.size(), 3);
  EXPECT_THAT(program.options[0].names, ElementsAre("-h", "--help"));
  EXPECT_THAT(program.options[1].names, ElementsAre("-q", "--quiet"));
  EXPECT_THAT(program.options[1].value, IsEmpty());
  EXPECT_EQ(program.options[2].value, "INT");
  EXPECT_EQ(program.options[2].limits, "INT in [1 - 9]");
  EXPECT_EQ(program.options[2].default_value, "7");
  EXPECT_TRUE(program.options[2].is_required);
  ASSERT_EQ(program.commands.size(), 2);
  EXPECT_EQ(program.commands[0].name, "go");
  EXPECT_THAT(program.commands[0].arguments.at(0).choices, ElementsAre("one", "two"));
  EXPECT_EQ(program.commands[1].name, "completion");
}

TEST_F(CliTest, TextIsQuotedForEachReader) {
  const Command program = describe(app_);
  EXPECT_THAT(zsh_completion(program),
              HasSubstr(R"('(-q --quiet)--quiet[the server'\''s own \[only\]\: a\\b]')"));
  EXPECT_THAT(fish_completion(program), HasSubstr(R"( -s q -l quiet -d 'the server\'s own [only]: a\\b')"));
  const std::string page = man_page(program, {.section = 8, .see_also = "other(1)"});
  EXPECT_THAT(page, HasSubstr("\nThe server's own [only]: a\\eb.\n"));
  EXPECT_THAT(page, HasSubstr("\n\\&.begins with a dot.\n"));
  EXPECT_THAT(page, HasSubstr(".SH NAME\nsome\\-program \\- Does things\n"));
  EXPECT_THAT(page, HasSubstr("A number. INT in [1 \\- 9]. Default: 7. Required.\n"));
}

TEST_F(CliTest, PrintsWhateverElseIsRequired) {
  EXPECT_EQ(printed("completion bash"), bash_completion(describe(app_)));
  EXPECT_EQ(printed("completion zsh"), zsh_completion(describe(app_)));
  EXPECT_EQ(printed("completion fish"), fish_completion(describe(app_)));
  EXPECT_EQ(printed("man"), man_page(describe(app_), {.section = 8, .see_also = "other(1)"}));
  EXPECT_THROW(app_.parse("completion tcsh"), CLI::ValidationError);
  EXPECT_THAT(app_.help(), Not(HasSubstr("man ")));
}

}  // namespace
}  // namespace rowtide::cli
