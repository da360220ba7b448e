#include "operator/controller/object_store.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"

namespace rowtide::op::controller {
namespace {

using nlohmann::json;

ObjectPtr object(const std::string& name, const std::string& version, const std::string& group = {},
                 const std::string& name_space = "shop") {
  json result{{"metadata", {{"namespace", name_space}, {"name", name}, {"resourceVersion", version}}}};
  if (!group.empty()) result["group"] = group;
  return std::make_shared<const json>(std::move(result));
}

using Names = std::vector<std::string>;

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

  std::vector<Key> groups_of(const json& object) {
    ++looks_;
    if (!object.contains("group")) return {};
    std::vector<Key> groups;
    for (const auto& name : absl::StrSplit(object.at("group").get<std::string>(), ' ')) {
      groups.push_back({"shop", std::string(name)});
    }
    return groups;
  }
  [[nodiscard]] Names names_of(const std::string& group) const {
    Names names;
    for (const ObjectPtr& found : store_.of_group({"shop", group})) names.push_back(key_of(*found).name);
    return names;
  }

  std::vector<Change> changes_;
  int looks_ = 0;
  ObjectStore store_{[this](const Change& change) { changes_.push_back(change); },
                     [this](const json& object) { return groups_of(object); }};
};

TEST_F(ObjectStoreTest, TellsWhatAppearsChangesAndVanishes) {
  store_.upsert(object("a", "1"));
  store_.upsert(object("a", "2"));
  store_.remove(object("a", "3"));
  store_.remove(object("a", "3"));
  EXPECT_EQ(take_changes(), (Names{"+a", "-a", "~a"}));
  EXPECT_EQ(store_.find({"shop", "a"}), nullptr);
}

TEST_F(ObjectStoreTest, AVersionIsThatOfTheNewestState) {
  EXPECT_EQ(store_.version_of({"shop", "a"}), "");
  store_.upsert(object("a", "1"));
  store_.upsert(object("a", "2"));
  EXPECT_EQ(store_.version_of({"shop", "a"}), "2");
  store_.remove(object("a", "3"));
  EXPECT_EQ(store_.version_of({"shop", "a"}), "");
}

TEST_F(ObjectStoreTest, ReplaceTellsOnlyDifferencesAndDropsWhatIsMissing) {
  store_.replace("", {object("a", "1"), object("b", "2"), object("c", "3")});
  EXPECT_EQ(take_changes(), (Names{"+a", "+b", "+c"}));
  store_.replace("", {object("a", "1"), object("b", "5"), object("d", "6")});
  EXPECT_EQ(take_changes(), (Names{"+d", "-c", "~b"}));
  EXPECT_EQ(store_.size(), 3u);
}

TEST_F(ObjectStoreTest, ReplaceOfOneNamespaceLeavesThoseOfOthers) {
  store_.replace("", {object("a", "1"), object("a", "1", "", "bank"), object("a", "1", "", "shop-2")});
  take_changes();
  store_.replace("shop", {object("b", "2")});
  EXPECT_EQ(take_changes(), (Names{"+b", "-a"}));
  EXPECT_EQ(store_.keys(), (std::vector<Key>{{"bank", "a"}, {"shop", "b"}, {"shop-2", "a"}}));
}

TEST_F(ObjectStoreTest, SnapshotsOutliveTheirObject) {
  store_.upsert(object("a", "1"));
  const ObjectPtr snapshot = store_.find({"shop", "a"});
  store_.remove(object("a", "2"));
  EXPECT_EQ(snapshot->at("metadata").at("resourceVersion"), "1");
}

TEST_F(ObjectStoreTest, AnObjectMayBeOfSeveralGroups) {
  store_.replace("", {object("a", "1", "one two"), object("b", "2", "two two")});
  EXPECT_EQ(names_of("one"), Names{"a"});
  EXPECT_EQ(names_of("two"), (Names{"a", "b"}));
  EXPECT_EQ(store_.keys_of_group({"shop", "two"}), (std::vector<Key>{{"shop", "a"}, {"shop", "b"}}));
  store_.upsert(object("a", "3", "one three"));
  EXPECT_EQ(names_of("two"), Names{"b"});
  EXPECT_EQ(names_of("three"), Names{"a"});
  store_.remove(object("b", "4"));
  EXPECT_EQ(names_of("two"), Names{});
}

TEST_F(ObjectStoreTest, FindsAGroupAlsoAfterAnObjectChangesHands) {
  store_.replace(
      "", {object("b", "1", "one"), object("a", "2", "one"), object("c", "3", "two"), object("d", "4")});
  EXPECT_EQ(names_of("one"), (Names{"a", "b"})) << "ordered by key";
  EXPECT_EQ(names_of("none"), Names{});

  store_.upsert(object("a", "5", "two"));
  EXPECT_EQ(names_of("one"), Names{"b"});
  EXPECT_EQ(names_of("two"), (Names{"a", "c"}));
  store_.replace("", {});
  EXPECT_EQ(names_of("two"), Names{});
}

TEST_F(ObjectStoreTest, ALookAtAGroupLooksAtNoOthers) {
  for (int i = 0; i < 1'000; ++i) {
    store_.upsert(object("p" + std::to_string(i), "1", "task-" + std::to_string(i / 2)));
  }
  EXPECT_EQ(looks_, 1'000) << "one a state";
  EXPECT_EQ(names_of("task-7"), (Names{"p14", "p15"}));
  EXPECT_EQ(looks_, 1'000);
}

TEST(ObjectStoreKey, IsEmptyWhereTheObjectHasNone) {
  EXPECT_EQ(key_of(json::array()), Key{});
  EXPECT_EQ(key_of(json{{"metadata", {{"name", 7}}}}), Key{});
}

}  // namespace
}  // namespace rowtide::op::controller
