#include "operator/kube/json_access.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rowtide::op::kube {
namespace {

using nlohmann::json;

const json kPod = json::parse(R"({
  "metadata": {"name": "orders", "labels": {"": "empty", "0": "zero"}},
  "status": {"containers": [{"ready": true}, {"ready": false, "image": null}]}})");

TEST(JsonAccess, AValueIsFoundByItsPointer) {
  EXPECT_EQ(&value_at(kPod, ""), &kPod);
  EXPECT_EQ(&value_at(kPod, "/metadata/name"), &kPod.at("metadata").at("name"));
  EXPECT_EQ(value_at(kPod, "/metadata/labels/0"), "zero") << "of an object a number is a name";
  EXPECT_EQ(value_at(kPod, "/metadata/labels/"), "empty");
  EXPECT_EQ(value_at(kPod, "/status/containers/0/ready"), true);
  EXPECT_EQ(value_at(kPod, "/status/containers/1/ready"), false);
  EXPECT_EQ(text_at(kPod, "/metadata/name"), "orders");
}

TEST(JsonAccess, WhatIsNotThereIsNullWhateverTheShape) {
  for (const char* pointer :
       {"/spec", "/metadata/name/first", "/metadata/name/0", "/status/containers/2", "/status/containers/",
        "/status/containers/-", "/status/containers/-1", "/status/containers/0x", "/status/containers/name",
        "/status/containers/99999999999999999999", "/status/containers/1/image/name", "/"})
    EXPECT_TRUE(value_at(kPod, pointer).is_null()) << pointer;
  EXPECT_TRUE(value_at(json(), "/metadata").is_null());
  EXPECT_EQ(text_at(kPod, "/status/containers/0/ready"), "");
}

}  // namespace
}  // namespace rowtide::op::kube
