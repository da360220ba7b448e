#include "operator/controller/object_store.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace rowtide::op::controller {
namespace {

using nlohmann::json;

ObjectPtr object(const std::string& name, const std::string& version, const std::string& owner_uid = {}) {
  json result{{"metadata", {{"namespace", "shop"}, {"name", name}, {"resourceVersion", version}}}};
  if (!owner_uid.empty()) {
    result["metadata"]["ownerReferences"] = {{{"uid", "other"}, {"controller", false}},
                                             {{"uid", owner_uid}, {"controller", true}}};
  }
  return std::make_shared<const json>(std::move(result));
}

class ObjectStoreTest : public testing::Test {
 protected:
  std::vector<std::string> take_changes() {
    std::vector<std::string> result;
    for (const Change& change : changes_) {
      const char* verb = !change.before ? "+" : !change.after ? "-" : "~";
      result.push_back(verb + change.key.name);
    }
    changes_.clear();
    std::sort(result.begin(), result.end());
    return result;
  }

  std::vector<Change> changes_;
  ObjectStore store_{[this](const Change& change) { changes_.push_back(change); }};
};

using Names = std::vector<std::string>;

TEST_F(ObjectStoreTest, TellsWhatAppearsChangesAndVanishes) {
  store_.upsert(object("a", "1"));
  store_.upsert(object("a", "2"));
  store_.remove(object("a", "3"));
  store_.remove(object("a", "3"));
  EXPECT_EQ(take_changes(), (Names{"+a", "-a", "~a"}));
  EXPECT_EQ(store_.find({"shop", "a"}), nullptr);
}

TEST_F(ObjectStoreTest, ReplaceTellsOnlyDifferencesAndDropsWhatIsMissing) {
  store_.replace({object("a", "1"), object("b", "2"), object("c", "3")});
  EXPECT_EQ(take_changes(), (Names{"+a", "+b", "+c"}));
  store_.replace({object("a", "1"), object("b", "5"), object("d", "6")});
  EXPECT_EQ(take_changes(), (Names{"+d", "-c", "~b"}));
  EXPECT_EQ(store_.size(), 3u);
}

TEST_F(ObjectStoreTest, SnapshotsOutliveTheirObject) {
  store_.upsert(object("a", "1"));
  const ObjectPtr snapshot = store_.find({"shop", "a"});
  store_.remove(object("a", "2"));
  EXPECT_EQ(snapshot->at("metadata").at("resourceVersion"), "1");
}

TEST_F(ObjectStoreTest, FindsByControllerUidAlsoAfterTheOwnerChanges) {
  store_.replace(
      {object("b", "1", "uid-1"), object("a", "2", "uid-1"), object("c", "3", "uid-2"), object("d", "4")});
  const auto owned = store_.owned_by("uid-1");
  ASSERT_EQ(owned.size(), 2u);
  EXPECT_EQ(key_of(*owned[0]).name, "a") << "ordered by key";
  EXPECT_TRUE(store_.owned_by("other").empty()) << "not a controller";

  store_.upsert(object("a", "5", "uid-2"));
  EXPECT_EQ(store_.owned_by("uid-1").size(), 1u);
  EXPECT_EQ(store_.owned_by("uid-2").size(), 2u);
  store_.replace({});
  EXPECT_TRUE(store_.owned_by("uid-2").empty());
}

TEST_F(ObjectStoreTest, SelectsByAnyPredicate) {
  store_.replace({object("a", "1"), object("b", "2")});
  const auto found = store_.select([](const json& o) { return key_of(o).name == "b"; });
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(key_of(*found[0]).name, "b");
}

TEST(ObjectStoreKey, IsEmptyWhereTheObjectHasNone) {
  EXPECT_EQ(key_of(json::array()), Key{});
  EXPECT_EQ(key_of(json{{"metadata", {{"name", 7}}}}), Key{});
}

}  // namespace
}  // namespace rowtide::op::controller
