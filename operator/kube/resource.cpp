#include "operator/kube/resource.h"

#include <fmt/format.h>

#include <cstddef>

#include "absl/strings/ascii.h"
#include "common/bytes/utf8.h"
#include "common/status/try.h"

namespace rowtide::op::kube {
namespace {

constexpr std::size_t kMaxNamespace = 63;  // RFC 1123 label
constexpr std::size_t kMaxName = 253;      // RFC 1123 subdomain

bool is_lower_alnum(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c)) ||
         absl::ascii_isdigit(static_cast<unsigned char>(c));
}

/// RFC 1123, which all kinds here follow. Strict on purpose: nothing that could change a path's meaning
/// passes.
absl::Status check_name(std::string_view what, std::string_view name, std::size_t max, bool dots) {
  bool good =
      !name.empty() && name.size() <= max && is_lower_alnum(name.front()) && is_lower_alnum(name.back());
  for (char c : name) good = good && (is_lower_alnum(c) || c == '-' || (dots && c == '.'));
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("the {} \"{}\" is not a Kubernetes name: 1 to {} of a-z, 0-9 and '-'{}, beginning and "
                  "ending with a letter or "
                  "digit",
                  what, cut(name, kMaxName), max, dots ? " and '.'" : ""));
}

}  // namespace

std::string to_string(const ObjectKey& key) {
  return key.name_space.empty() ? key.name : key.name_space + "/" + key.name;
}

std::string api_version(const ResourceType& type) {
  return type.group.empty() ? std::string(type.version) : fmt::format("{}/{}", type.group, type.version);
}

absl::Status check_namespace(std::string_view name_space) {
  return check_name("namespace", name_space, kMaxNamespace, false);
}

absl::StatusOr<std::string> collection_path(const ResourceType& type, std::string_view name_space) {
  std::string path = (type.group.empty() ? "/api/" : "/apis/") + api_version(type);
  if (!name_space.empty()) {
    if (!type.namespaced) {
      return absl::InvalidArgumentError(
          fmt::format("{} has no namespaces, but \"{}\" was given", type.kind, name_space));
    }
    RETURN_IF_ERROR(check_namespace(name_space));
    path += fmt::format("/namespaces/{}", name_space);
  }
  return fmt::format("{}/{}", path, type.plural);
}

absl::StatusOr<std::string> object_path(const ResourceType& type, const ObjectKey& key) {
  if (type.namespaced && key.name_space.empty()) {
    return absl::InvalidArgumentError(fmt::format("{} {}: a namespace is needed", type.kind, key.name));
  }
  auto path = collection_path(type, key.name_space);
  if (!path.ok()) return path;
  RETURN_IF_ERROR(check_name(fmt::format("name of the {}", type.kind), key.name, kMaxName, true));
  return *path + "/" + key.name;
}

std::string encode_query_value(std::string_view value) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(value.size());
  for (char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 0xf]);
    }
  }
  return out;
}

}  // namespace rowtide::op::kube
