#include "operator/controller/object_store.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "operator/kube/json_access.h"

namespace rowtide::op::controller {

using kube::find_at;
using kube::string_at;

namespace {

std::string controller_uid(const nlohmann::json& object) {
  const auto* owners = find_at(object, {"metadata", "ownerReferences"});
  if (owners == nullptr || !owners->is_array()) return {};
  for (const auto& owner : *owners) {
    const auto* controls = find_at(owner, {"controller"});
    if (controls != nullptr && *controls == true) return std::string(string_at(owner, {"uid"}));
  }
  return {};
}

void sort_by_key(std::vector<ObjectPtr>& objects) {
  std::sort(objects.begin(), objects.end(),
            [](const ObjectPtr& a, const ObjectPtr& b) { return key_of(*a) < key_of(*b); });
}

}  // namespace

Key key_of(const nlohmann::json& object) {
  return {std::string(string_at(object, {"metadata", "namespace"})),
          std::string(string_at(object, {"metadata", "name"}))};
}

ObjectStore::ObjectStore(std::function<void(const Change&)> on_change) : on_change_(std::move(on_change)) {}

ObjectPtr ObjectStore::find(const Key& key) const {
  const std::lock_guard lock(mutex_);
  const auto entry = objects_.find(key);
  return entry == objects_.end() ? nullptr : entry->second.object;
}

std::vector<ObjectPtr> ObjectStore::owned_by(std::string_view uid) const {
  std::vector<ObjectPtr> found;
  {
    const std::lock_guard lock(mutex_);
    const auto keys = by_owner_.find(std::string(uid));
    if (keys == by_owner_.end()) return found;
    for (const Key& key : keys->second) found.push_back(objects_.at(key).object);
  }
  sort_by_key(found);
  return found;
}

std::vector<ObjectPtr> ObjectStore::select(const std::function<bool(const nlohmann::json&)>& matches) const {
  std::vector<ObjectPtr> found = all();
  std::erase_if(found, [&](const ObjectPtr& object) { return !matches(*object); });
  return found;
}

std::vector<ObjectPtr> ObjectStore::all() const {
  std::vector<ObjectPtr> found;
  {
    const std::lock_guard lock(mutex_);
    found.reserve(objects_.size());
    for (const auto& [key, entry] : objects_) found.push_back(entry.object);
  }
  sort_by_key(found);
  return found;
}

std::size_t ObjectStore::size() const {
  const std::lock_guard lock(mutex_);
  return objects_.size();
}

void ObjectStore::replace(std::vector<ObjectPtr> objects) {
  std::vector<Change> changes;
  {
    const std::lock_guard lock(mutex_);
    std::set<Key> gone;
    for (const auto& [key, entry] : objects_) gone.insert(key);
    for (ObjectPtr& object : objects) {
      const Key key = key_of(*object);
      gone.erase(key);
      const auto known = objects_.find(key);
      const auto version = string_at(*object, {"metadata", "resourceVersion"});
      if (known != objects_.end() && known->second.resource_version == version) continue;
      changes.push_back(put(key, std::move(object)));
    }
    for (const Key& key : gone) {
      if (auto change = drop(key)) changes.push_back(*std::move(change));
    }
  }
  if (!on_change_) return;
  for (const Change& change : changes) on_change_(change);
}

void ObjectStore::upsert(ObjectPtr object) {
  Change change;
  {
    const std::lock_guard lock(mutex_);
    const Key key = key_of(*object);  // not as an argument beside the move: their order is not defined
    change = put(key, std::move(object));
  }
  if (on_change_) on_change_(change);
}

void ObjectStore::remove(ObjectPtr last_state) {
  std::optional<Change> change;
  {
    const std::lock_guard lock(mutex_);
    change = drop(key_of(*last_state));
  }
  if (change && on_change_) on_change_(*change);
}

Change ObjectStore::put(const Key& key, ObjectPtr object) {
  auto dropped = drop(key);
  Change change{key, dropped ? std::move(dropped->before) : nullptr, object};
  Entry entry;
  entry.resource_version = string_at(*object, {"metadata", "resourceVersion"});
  entry.owner_uid = controller_uid(*object);
  if (!entry.owner_uid.empty()) by_owner_[entry.owner_uid].insert(key);
  entry.object = std::move(object);
  objects_.insert_or_assign(key, std::move(entry));
  return change;
}

std::optional<Change> ObjectStore::drop(const Key& key) {
  const auto known = objects_.find(key);
  if (known == objects_.end()) return std::nullopt;
  Change change{key, std::move(known->second.object), nullptr};
  if (const auto siblings = by_owner_.find(known->second.owner_uid); siblings != by_owner_.end()) {
    siblings->second.erase(key);
    if (siblings->second.empty()) by_owner_.erase(siblings);
  }
  objects_.erase(known);
  return change;
}

}  // namespace rowtide::op::controller
