#include "tracker/polardb/cluster.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/status/reason.h"
#include "common/status/text.h"

namespace rowtide::polardb {
namespace {

const nlohmann::json kAnswer = nlohmann::json::parse(R"({"Items": [
  {"EndpointType": "Cluster", "AddressItems": [{"NetType": "Public", "ConnectionString": "cluster", "Port": "3306"}]},
  {"EndpointType": "Primary", "AddressItems": [
    {"NetType": "Private", "VPCId": "vpc-1", "VSwitchId": "vsw-1", "ConnectionString": "in-1", "Port": "3306"},
    {"NetType": "Private", "VPCId": "vpc-1", "VSwitchId": "vsw-2", "ConnectionString": "in-2", "Port": "3307"},
    {"NetType": "Inner", "ConnectionString": "classic", "Port": "3308"},
    {"NetType": "Public", "ConnectionString": "public", "Port": "3309"}]}]})");

std::string found(const task::Network& network) {
  const auto endpoint = endpoint_in(kAnswer, network);
  return endpoint.ok() ? endpoint->host + ":" + std::to_string(endpoint->port) : reason_of(endpoint.status());
}

TEST(PolarDbCluster, ThePrimaryEndpointOfTheNetworkIsChosen) {
  using task::NetworkType;
  EXPECT_EQ(found({.type = NetworkType::Public}), "public:3309");
  EXPECT_EQ(found({.type = NetworkType::Classic}), "classic:3308");
  EXPECT_EQ(found({.type = NetworkType::Vpc, .vpc_id = "vpc-1"}), "in-1:3306");
  EXPECT_EQ(found({.type = NetworkType::Vpc, .vpc_id = "vpc-1", .v_switch_id = "vsw-2"}), "in-2:3307");
  EXPECT_EQ(found({.type = NetworkType::Vpc, .vpc_id = "vpc-2"}), "EndpointMissing");
}

TEST(PolarDbCluster, AnAnswerOfAnotherShapeIsNoEndpoint) {
  for (const char* answer : {R"({})", R"({"Items": 1})", R"({"Items": [{"EndpointType": "Primary"}]})",
                             R"({"Items": [{"EndpointType": "Primary", "AddressItems": [
                                 {"NetType": "Public", "ConnectionString": "h", "Port": "x"}]}]})"}) {
    EXPECT_FALSE(endpoint_in(nlohmann::json::parse(answer), {.type = task::NetworkType::Public}).ok())
        << answer;
  }
}

TEST(PolarDbCluster, AGroupsNameIsOneThatTheApiTakes) {
  const task::Task task{.name = "orders", .uid = "2b0e-4"};
  EXPECT_EQ(group_name(task).size(), 23U);
  EXPECT_EQ(group_name(task).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789"), std::string::npos);
}

}  // namespace
}  // namespace rowtide::polardb
