#include "common/status/try.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "common/status/reason.h"

namespace rowtide {
namespace {

absl::Status fail_if(bool is_bad) {
  return is_bad ? failure(absl::StatusCode::kNotFound, "Missing", "it is not there") : absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<std::string>> make(bool is_bad) {
  RETURN_IF_ERROR(fail_if(is_bad));
  return std::make_unique<std::string>("made");
}

absl::StatusOr<std::string> use(bool is_bad) {
  ASSIGN_OR_RETURN(const std::unique_ptr<std::string> first, make(false));
  ASSIGN_OR_RETURN(const std::unique_ptr<std::string> second, make(is_bad));
  return *first + *second;
}

TEST(Try, GoesOnWithTheValueOrReturnsTheFailureAsItIs) {
  EXPECT_EQ(*use(false), "mademade");
  const absl::Status failed = use(true).status();
  EXPECT_TRUE(absl::IsNotFound(failed));
  EXPECT_EQ(failed.message(), "it is not there");
  EXPECT_EQ(reason_of(failed), "Missing");
}

TEST(Reason, IsEmptyWhereNoneWasGiven) {
  EXPECT_EQ(reason_of(absl::OkStatus()), "");
  EXPECT_EQ(reason_of(absl::NotFoundError("no word")), "");
}

}  // namespace
}  // namespace rowtide
