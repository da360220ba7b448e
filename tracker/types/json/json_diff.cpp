#include "tracker/types/json/json_diff.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <nlohmann/json.hpp>
#include <vector>

#include "tracker/types/json/json_scalars.h"
#include "tracker/types/json/jsonb_container.h"

namespace rowtide::types {
namespace {

enum class DiffOperation : std::uint8_t { Replace = 0, Insert = 1, Remove = 2 };

/// A value of the document. Containers are taken apart only where a diff's path leads through them:
/// everything else stays the bytes it was.
struct Node {
  JsonbElement element;
  std::string_view key;  ///< in the object that holds it
  bool is_open = false;
  std::vector<Node> children;  ///< of an open container
};

struct PathLeg {
  bool is_index = false;
  bool is_from_end = false;  ///< the index counts back from the last cell
  std::uint64_t index = 0;
  std::string key;
};

bool open(Node& node) {
  if (node.is_open) return true;
  JsonbContainer container;
  const JsonbType type = node.element.type;
  if (!(is_jsonb_object(type) || is_jsonb_array(type)) || !container.open(type, node.element.bytes))
    return false;
  for (std::uint64_t i = 0; i < container.count; ++i) {
    std::string_view key;
    Node child;
    if (container.is_object && !container.key(i, key)) return false;
    if (!container.element(i, child.element)) return false;
    child.key = key;
    node.children.push_back(std::move(child));
  }
  node.is_open = true;
  return true;
}

/// A path as the statement had it: $, then .name, ."quoted name", [index], [last] and [last-index].
class PathReader {
 public:
  explicit PathReader(std::string_view path) : rest_(path) {}

  [[nodiscard]] bool read(std::vector<PathLeg>& legs) {
    if (!take('$')) return false;
    while (!rest_.empty()) {
      PathLeg leg;
      if (!(take('[') ? read_index(leg) : take('.') && read_key(leg))) return false;
      legs.push_back(std::move(leg));
    }
    return true;
  }

 private:
  bool take(char character) {
    if (rest_.empty() || rest_.front() != character) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool read_index(PathLeg& leg) {
    constexpr std::string_view kLast = "last";
    leg.is_index = true;
    leg.is_from_end = rest_.starts_with(kLast);
    if (leg.is_from_end) rest_.remove_prefix(kLast.size());
    if (leg.is_from_end && !take('-')) return take(']');
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), leg.index);
    if (error != std::errc()) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return take(']');
  }

  bool read_key(PathLeg& leg) {
    std::size_t size = 0;
    if (rest_.empty()) return false;
    if (rest_.front() != '"') {
      size = std::min(rest_.find_first_of(".["), rest_.size());
      leg.key = std::string(rest_.substr(0, size));
      rest_.remove_prefix(size);
      return size > 0;
    }
    for (size = 1; size < rest_.size() && rest_[size] != '"'; ++size) {
      if (rest_[size] == '\\') ++size;
    }
    if (size >= rest_.size()) return false;
    const auto text = nlohmann::json::parse(rest_.substr(0, size + 1), nullptr, /*allow_exceptions=*/false);
    if (!text.is_string()) return false;
    leg.key = text.get<std::string>();
    rest_.remove_prefix(size + 1);
    return true;
  }

  std::string_view rest_;
};

/// The order in which an object keeps its keys.
bool precedes(std::string_view left, std::string_view right) {
  return left.size() != right.size() ? left.size() < right.size() : left < right;
}

class Document {
 public:
  explicit Document(Bytes bytes)
      : root_{{static_cast<JsonbType>(bytes[0]), bytes.subspan(1)}, {}, false, {}} {}

  [[nodiscard]] bool apply(DiffOperation operation, std::string_view path, Bytes value) {
    std::vector<PathLeg> legs;
    if (!PathReader(path).read(legs)) return false;
    Node replacement;
    if (operation != DiffOperation::Remove) {
      if (value.empty()) return false;
      replacement.element = {static_cast<JsonbType>(value[0]), value.subspan(1)};
    }
    if (legs.empty()) {
      if (operation != DiffOperation::Replace) return false;
      root_ = std::move(replacement);
      return true;
    }
    Node* parent = &root_;
    for (std::size_t i = 0; i + 1 < legs.size() && parent != nullptr; ++i) parent = child(*parent, legs[i]);
    if (parent == nullptr || !open(*parent)) return false;
    return operation == DiffOperation::Insert
               ? insert(*parent, legs.back(), std::move(replacement))
               : change(*parent, legs.back(), operation, std::move(replacement));
  }

  [[nodiscard]] bool print(std::string& out) const { return print(root_, out); }

 private:
  using Children = std::vector<Node>;

  static bool fits(const Node& node, const PathLeg& leg) {
    return leg.is_index ? is_jsonb_array(node.element.type) : is_jsonb_object(node.element.type);
  }

  /// Where a new cell goes: behind the last one at most, or before the first.
  static std::ptrdiff_t place_of(const PathLeg& leg, std::size_t size) {
    const auto index = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(leg.index, size));
    if (!leg.is_from_end) return index;
    return std::max<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(size) - 1 - index, 0);
  }

  static Children::iterator find(Node& node, const PathLeg& leg) {
    Children& children = node.children;
    if (!fits(node, leg)) return children.end();
    if (leg.is_index) {
      return leg.index < children.size() ? children.begin() + place_of(leg, children.size()) : children.end();
    }
    return std::find_if(children.begin(), children.end(),
                        [&leg](const Node& entry) { return entry.key == leg.key; });
  }

  static Node* child(Node& node, const PathLeg& leg) {
    if (!open(node)) return nullptr;
    const auto found = find(node, leg);
    return found == node.children.end() ? nullptr : &*found;
  }

  static bool change(Node& parent, const PathLeg& leg, DiffOperation operation, Node replacement) {
    const auto found = find(parent, leg);
    if (found == parent.children.end()) return false;
    if (operation == DiffOperation::Remove) {
      parent.children.erase(found);
    } else {
      replacement.key = found->key;
      *found = std::move(replacement);
    }
    return true;
  }

  /// An index outside of the array adds at that end; a key must be new.
  bool insert(Node& parent, const PathLeg& leg, Node value) {
    if (!fits(parent, leg)) return false;
    Children& children = parent.children;
    if (leg.is_index) {
      children.insert(children.begin() + place_of(leg, children.size()), std::move(value));
      return true;
    }
    const auto place = std::find_if(children.begin(), children.end(),
                                    [&leg](const Node& entry) { return !precedes(entry.key, leg.key); });
    if (place != children.end() && place->key == leg.key) return false;
    value.key = keys_.emplace_back(leg.key);
    children.insert(place, std::move(value));
    return true;
  }

  static bool print(const Node& node, std::string& out) {
    if (!node.is_open) return jsonb_to_text(node.element, out);
    const bool is_object = is_jsonb_object(node.element.type);
    out.push_back(is_object ? '{' : '[');
    bool is_first = true;
    for (const Node& value : node.children) {
      if (!is_first) out.push_back(',');
      is_first = false;
      if (is_object) {
        if (!append_json_string(value.key, out)) return false;
        out.push_back(':');
      }
      if (!print(value, out)) return false;
    }
    out.push_back(is_object ? '}' : ']');
    return true;
  }

  Node root_;
  std::deque<std::string> keys_;  ///< of what was inserted
};

}  // namespace

bool apply_json_diffs(Bytes document, Bytes diffs, std::string& out) noexcept {
  if (document.empty()) return false;
  Document result(document);
  ByteReader reader(diffs);
  while (!reader.at_end()) {
    const auto operation = static_cast<DiffOperation>(reader.u8());
    if (operation > DiffOperation::Remove) return false;
    const std::string_view path = as_text(reader.length_encoded_bytes());
    const Bytes value = operation == DiffOperation::Remove ? Bytes() : reader.length_encoded_bytes();
    if (!reader.ok() || !result.apply(operation, path, value)) return false;
  }
  return reader.ok() && result.print(out);
}

}  // namespace rowtide::types
