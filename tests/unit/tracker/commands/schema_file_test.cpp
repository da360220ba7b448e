#include "tracker/commands/schema_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace rowtide::commands {
namespace {

using testing::HasSubstr;

class SchemaFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  absl::Status load(std::string_view script) {
    std::ofstream(path_) << script;
    return load_schema_file(path_, history_);
  }
  bool has(const std::string& database, const std::string& table) const {
    return history_.find({database, table}).table != nullptr;
  }

  std::string path_ = testing::TempDir() + "schema_file_test.sql";
  schema::SchemaHistory history_{{.version = 80015, .collations = schema::Collations(false, 80015)}};
};

TEST_F(SchemaFile, TablesStandInTheDatabaseThatIsUsed) {
  ASSERT_TRUE(load("/*!40000 DROP DATABASE IF EXISTS `a``b`*/;\nUSE `a``b`;\nCREATE TABLE t (i INT);\n"
                   "use shop;\nDELIMITER ;;\nCREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN SET "
                   "@x = 1; END ;;\nDELIMITER ;\nCREATE TABLE u (i INT);\nCREATE TABLE c.v (i INT);")
                  .ok());
  EXPECT_TRUE(has("a`b", "t"));
  EXPECT_TRUE(has("shop", "u"));
  EXPECT_TRUE(has("c", "v"));
}

TEST_F(SchemaFile, ErrorsNameFileLineAndStatement) {
  const absl::Status homeless = load("-- x\n\nCREATE TABLE t (\n i INT)");
  EXPECT_THAT(std::string(homeless.message()),
              HasSubstr("--schema " + path_ + ", line 3: CREATE TABLE t ( ...: no database is named"));
  const absl::Status broken = load("USE a;\nCREATE TABLE t (i FROBNICATE)");
  EXPECT_THAT(std::string(broken.message()),
              HasSubstr("--schema " + path_ + ", line 2: CREATE TABLE t (i FROBNICATE): "));
  EXPECT_THAT(std::string(load("a: task\n").message()), HasSubstr("it holds no table"));
  EXPECT_THAT(std::string(load_schema_file("/nonexistent.sql", history_).message()),
              HasSubstr("--schema /nonexistent.sql: the file cannot be read"));
}

}  // namespace
}  // namespace rowtide::commands
