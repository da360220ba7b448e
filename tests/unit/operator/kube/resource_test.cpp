#include "operator/kube/resource.h"

#include <gtest/gtest.h>

#include <string>

namespace rowtide::op::kube {
namespace {

TEST(Resource, ANamespaceIsADnsLabel) {
  for (const std::string& good :
       {std::string("shop"), std::string("a-1"), std::string("0"), std::string(63, 'a')})
    EXPECT_TRUE(check_namespace(good).ok()) << good;
  for (const std::string& bad :
       {std::string(), std::string("Shop"), std::string("a b"), std::string("a.b"), std::string("a,b"),
        std::string("a/b"), std::string("-a"), std::string("a-"), std::string("*"), std::string(64, 'a')})
    EXPECT_TRUE(absl::IsInvalidArgument(check_namespace(bad))) << bad;
}

}  // namespace
}  // namespace rowtide::op::kube
