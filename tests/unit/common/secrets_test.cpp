#include "common/task/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace rowtide::task {
namespace {

using testing::HasSubstr;

class Secrets : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/secretsXXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& secret, const std::string& key, const std::string& value) {
    std::filesystem::create_directories(folder_ / secret);
    std::ofstream(folder_ / secret / key) << value;
  }
  std::filesystem::path folder_;
};

TEST_F(Secrets, CredentialsAreReadEachTime) {
  write("orders-source", "username", "rowtide");
  write("orders-source", "password", "one");
  Source source;
  source.credentials_secret_ref = SecretRef{"orders-source"};
  const SecretReader reader(folder_);
  EXPECT_EQ(reader.source_credentials(source)->password, "one");
  write("orders-source", "password", "two");
  EXPECT_EQ(reader.source_credentials(source)->password, "two");
}

TEST_F(Secrets, ALineBreakAtTheEndIsSaid) {
  write("orders-source", "username", "rowtide");
  write("orders-source", "password", "one\n");
  Source source;
  source.credentials_secret_ref = SecretRef{"orders-source"};
  const SecretReader reader(folder_);
  const auto credentials = reader.source_credentials(source);
  ASSERT_TRUE(credentials.ok());
  EXPECT_EQ(credentials->password, "one\n") << "it may be meant";
  EXPECT_THAT(std::string(remark_on_password(*credentials)), HasSubstr("ends with a line break"));
  EXPECT_EQ(remark_on_password({"rowtide", "one"}), "");
  write("orders-source", "username", "rowtide\n");
  EXPECT_THAT(reader.source_credentials(source).status().ToString(),
              HasSubstr("key username of Secret orders-source ends with a line break"));
}

TEST_F(Secrets, AMissingKeyIsNamedWithFieldAndSecret) {
  write("orders-source", "username", "rowtide");
  Source source;
  source.credentials_secret_ref = SecretRef{"orders-source"};
  const auto missing = SecretReader(folder_).source_credentials(source);
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.status().ToString(), testing::AllOf(HasSubstr("spec.source.credentialsSecretRef"),
                                                          HasSubstr("orders-source"), HasSubstr("password")));
}

TEST_F(Secrets, WithoutAFolderTheOptionIsNamed) {
  Source source;
  source.credentials_secret_ref = SecretRef{"s"};
  EXPECT_THAT(SecretReader({}).source_credentials(source).status().ToString(), HasSubstr("--secrets"));
}

TEST_F(Secrets, NamesDoNotLeaveTheFolder) {
  EXPECT_FALSE(SecretReader(folder_).read({"..", "passwd"}, "f").ok());
  EXPECT_FALSE(SecretReader(folder_).read({"a/b", "c"}, "f").ok());
}

TEST_F(Secrets, InlineCredentialsWin) {
  Source source;
  source.credentials = InlineCredentials{"u", "p"};
  EXPECT_EQ(SecretReader({}).source_credentials(source)->username, "u");
}

}  // namespace
}  // namespace rowtide::task
