#include "tracker/polardb/signature.h"

#include <gtest/gtest.h>

namespace rowtide::polardb {
namespace {

// What aliyunsdkcore 2.16.1 makes of the same (rpc_signature_composer.get_signed_url with key "sk"); the
// integration test has its code verify each request.
TEST(Signature, IsThatOfTheOfficialSdk) {
  const Parameters parameters{{"Action", "X"},
                              {"Ips", "10.0.0.0/8,~ *+é"},
                              {"Timestamp", "2026-11-30T02:52:58Z"},
                              {"SignatureMethod", "HMAC-SHA1"},
                              {"SignatureType", ""},
                              {"SignatureVersion", "1.0"},
                              {"SignatureNonce", "033587ca4e052c99c7f73703fc59d728"},
                              {"AccessKeyId", "ak"},
                              {"Format", "JSON"}};
  EXPECT_EQ(signature_of("GET", parameters, "sk"), "3B97DfWY86bhwD/aoVWh18jYoF4=");
}

TEST(Signature, EncodesAllButUnreservedCharacters) {
  EXPECT_EQ(percent_encoded("aZ09-._~ *+/é%"), "aZ09-._~%20%2A%2B%2F%C3%A9%25");
  EXPECT_EQ(query_of({{"b", "1"}, {"a", "x y"}}), "a=x%20y&b=1");
}

}  // namespace
}  // namespace rowtide::polardb
