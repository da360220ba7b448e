#include "operator/controller/object_store.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "operator/kube/json_access.h"

namespace rowtide::op::controller {

using kube::string_at;

Key key_of(const nlohmann::json& object) {
  return {std::string(string_at(object, {"metadata", "namespace"})),
          std::string(string_at(object, {"metadata", "name"}))};
}

ObjectStore::ObjectStore(std::function<void(const Change&)> on_change, GroupsOf groups_of)
    : on_change_(std::move(on_change)), groups_of_(std::move(groups_of)) {}

ObjectStore::Packed ObjectStore::pack(const nlohmann::json& object) {
  std::vector<std::uint8_t> bytes = nlohmann::json::to_msgpack(object);
  bytes.shrink_to_fit();
  return std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
}

/// As json::from_msgpack() does it, which then copies the whole tree.
ObjectPtr ObjectStore::unpack(const Packed& packed) {
  const auto object = std::make_shared<nlohmann::json>();
  nlohmann::detail::json_sax_dom_parser<nlohmann::json> into(*object, true);
  nlohmann::json::sax_parse(*packed, &into, nlohmann::json::input_format_t::msgpack);
  return object;
}

ObjectPtr ObjectStore::find(const Key& key) const {
  Packed found;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = objects_.find(key);
    if (entry == objects_.end()) return nullptr;
    found = entry->second.object;
  }
  return unpack(found);
}

std::string ObjectStore::version_of(const Key& key) const {
  const std::lock_guard lock(mutex_);
  const auto entry = objects_.find(key);
  return entry == objects_.end() ? std::string() : entry->second.resource_version;
}

std::vector<ObjectPtr> ObjectStore::of_group(const Key& group) const {
  std::vector<Packed> found;
  {
    const std::lock_guard lock(mutex_);
    const auto keys = groups_.find(group);
    if (keys == groups_.end()) return {};
    for (const Key& key : keys->second) found.push_back(objects_.at(key).object);
  }
  return unpack_all(found);
}

std::vector<Key> ObjectStore::keys_of_group(const Key& group) const {
  const std::lock_guard lock(mutex_);
  const auto keys = groups_.find(group);
  return keys == groups_.end() ? std::vector<Key>()
                               : std::vector<Key>(keys->second.begin(), keys->second.end());
}

void ObjectStore::for_each(const std::function<void(const nlohmann::json& object)>& look) const {
  std::vector<Packed> found;
  {
    const std::lock_guard lock(mutex_);
    found.reserve(objects_.size());
    for (const auto& [key, entry] : objects_) found.push_back(entry.object);
  }
  for (const Packed& each : found) look(*unpack(each));
}

std::vector<Key> ObjectStore::keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<Key> keys;
  keys.reserve(objects_.size());
  for (const auto& [key, entry] : objects_) keys.push_back(key);
  return keys;
}

std::vector<ObjectPtr> ObjectStore::unpack_all(const std::vector<Packed>& packed) {
  std::vector<ObjectPtr> objects;
  objects.reserve(packed.size());
  for (const Packed& each : packed) objects.push_back(unpack(each));
  return objects;
}

std::size_t ObjectStore::size() const {
  const std::lock_guard lock(mutex_);
  return objects_.size();
}

/// Of all namespaces where it is empty. The mutex is held.
std::set<Key> ObjectStore::keys_in(const std::string& name_space) const {
  std::set<Key> keys;
  for (auto entry = objects_.lower_bound({name_space, ""}); entry != objects_.end(); ++entry) {
    if (!name_space.empty() && entry->first.name_space != name_space) break;
    keys.insert(entry->first);
  }
  return keys;
}

void ObjectStore::replace(const std::string& name_space, std::vector<ObjectPtr> objects) {
  std::vector<Change> changes;
  {
    const std::lock_guard lock(mutex_);
    std::set<Key> gone = keys_in(name_space);
    for (const ObjectPtr& object : objects) {
      const Key key = key_of(*object);
      gone.erase(key);
      const auto known = objects_.find(key);
      const auto version = string_at(*object, {"metadata", "resourceVersion"});
      if (known != objects_.end() && known->second.resource_version == version) continue;
      changes.push_back(put(key, object));
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
    change = put(key_of(*object), object);
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

Change ObjectStore::put(const Key& key, const ObjectPtr& object) {
  auto dropped = drop(key);
  Change change{key, dropped ? std::move(dropped->before) : nullptr, object};
  Entry entry;
  entry.resource_version = string_at(*object, {"metadata", "resourceVersion"});
  if (groups_of_) entry.groups = groups_of_(*object);
  for (const Key& group : entry.groups) groups_[group].insert(key);
  entry.object = pack(*object);
  objects_.insert_or_assign(key, std::move(entry));
  return change;
}

std::optional<Change> ObjectStore::drop(const Key& key) {
  const auto known = objects_.find(key);
  if (known == objects_.end()) return std::nullopt;
  Change change{key, on_change_ ? unpack(known->second.object) : nullptr, nullptr};
  for (const Key& group : known->second.groups) {
    const auto siblings = groups_.find(group);
    if (siblings == groups_.end()) continue;  // named twice
    siblings->second.erase(key);
    if (siblings->second.empty()) groups_.erase(siblings);
  }
  objects_.erase(known);
  return change;
}

}  // namespace rowtide::op::controller
