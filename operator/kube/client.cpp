#include "operator/kube/client.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/status/text.h"
#include "common/status/try.h"
#include "operator/kube/errors.h"
#include "operator/kube/json_access.h"

namespace rowtide::op::kube {
namespace {

using nlohmann::json;

// The server's answer to a body that is not valid UTF-8 would be less clear than U+FFFD in the object.
std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string what_of(std::string_view verb, const ResourceType& type, const ObjectKey& key) {
  return fmt::format("{} {} {}", verb, type.kind, to_string(key));
}

ObjectKey key_in(const json& object) {
  return {std::string(string_at(object, {"metadata", "namespace"})),
          std::string(string_at(object, {"metadata", "name"}))};
}

absl::Status check_type(const ResourceType& type, const json& object, std::string_view what) {
  const auto version = string_at(object, {"apiVersion"});
  const auto kind = string_at(object, {"kind"});
  if (version == api_version(type) && kind == type.kind) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{}: the object says apiVersion \"{}\", kind \"{}\", not {} {}", what, version, kind,
                  api_version(type), type.kind));
}

std::string list_query(const ListOptions& options, int page_size, std::string_view continue_token) {
  std::string query;
  const auto append = [&query](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    query += fmt::format("{}{}={}", query.empty() ? '?' : '&', name, encode_query_value(value));
  };
  append("labelSelector", options.label_selector);
  append("fieldSelector", options.field_selector);
  if (page_size > 0) append("limit", std::to_string(page_size));
  append("continue", continue_token);
  return query;
}

/// Moves a page's items into `list`. Lists of built-in kinds leave apiVersion and kind out of their items.
void take_items(json& page, const ResourceType& type, ObjectList& list) {
  for (json& item : page["items"]) {
    if (!item.is_object()) continue;
    item["apiVersion"] = api_version(type);
    item["kind"] = type.kind;
    list.items.push_back(std::move(item));
  }
}

}  // namespace

Client::Client(Transport& transport, std::string field_manager)
    : transport_(transport), field_manager_(std::move(field_manager)) {}

absl::StatusOr<json> Client::get(const ResourceType& type, const ObjectKey& key) {
  ASSIGN_OR_RETURN(const auto path, object_path(type, key));
  return send_json({"GET", path, {}, {}}, what_of("get", type, key));
}

absl::StatusOr<ObjectList> Client::list(const ResourceType& type, const ListOptions& options) {
  auto result = list_pages(type, options, options.page_size);
  if (absl::IsOutOfRange(result.status()) && options.page_size > 0) return list_pages(type, options, 0);
  return result;
}

absl::StatusOr<ObjectList> Client::list_pages(const ResourceType& type, const ListOptions& options,
                                              int page_size) {
  ASSIGN_OR_RETURN(const auto path, collection_path(type, options.name_space));
  const std::string what = fmt::format("list {} in {}", type.plural,
                                       options.name_space.empty() ? "all namespaces" : options.name_space);
  ObjectList list;
  std::string continue_token;
  do {
    ASSIGN_OR_RETURN(auto page,
                     send_json({"GET", path + list_query(options, page_size, continue_token), {}, {}}, what));
    const json* items = find_at(page, {"items"});
    list.resource_version = string_at(page, {"metadata", "resourceVersion"});
    if (items == nullptr || !(items->is_array() || items->is_null()) || list.resource_version.empty()) {
      return absl::InternalError(what + ": the answer is not a list with items and a resourceVersion");
    }
    take_items(page, type, list);
    continue_token = string_at(page, {"metadata", "continue"});
  } while (!continue_token.empty());
  return list;
}

absl::StatusOr<json> Client::create(const ResourceType& type, const json& object) {
  const ObjectKey key = key_in(object);
  const std::string what = what_of("create", type, key);
  RETURN_IF_ERROR(check_type(type, object, what));
  if (!key.name.empty()) {
    if (const auto checked = object_path(type, key); !checked.ok()) return checked.status();
  }
  ASSIGN_OR_RETURN(const auto path, collection_path(type, key.name_space));
  // Else a misspelt field of what users may write into a pod would be dropped in silence.
  return send_json(
      {"POST", path + "?fieldValidation=Strict&fieldManager=" + encode_query_value(field_manager_),
       "application/json", dump(object)},
      what);
}

absl::StatusOr<json> Client::apply(const ResourceType& type, const json& object) {
  const ObjectKey key = key_in(object);
  const std::string what = what_of("apply", type, key);
  RETURN_IF_ERROR(check_type(type, object, what));
  ASSIGN_OR_RETURN(const auto path, object_path(type, key));
  // JSON is YAML.
  return send_json({"PATCH", path + "?force=true&fieldManager=" + encode_query_value(field_manager_),
                    "application/apply-patch+yaml", dump(object)},
                   what);
}

absl::StatusOr<json> Client::patch_status(const ResourceType& type, const ObjectKey& key, const json& status,
                                          std::string_view resource_version) {
  ASSIGN_OR_RETURN(const auto path, object_path(type, key));
  json patch{{"status", status}};
  if (!resource_version.empty()) patch["metadata"]["resourceVersion"] = resource_version;
  return send_json({"PATCH", path + "/status?fieldManager=" + encode_query_value(field_manager_),
                    "application/merge-patch+json", dump(patch)},
                   what_of("patch the status of", type, key));
}

absl::StatusOr<json> Client::patch(const ResourceType& type, const ObjectKey& key, json patch,
                                   std::string_view resource_version) {
  ASSIGN_OR_RETURN(const auto path, object_path(type, key));
  patch["metadata"]["resourceVersion"] = resource_version;
  return send_json({"PATCH", path + "?fieldManager=" + encode_query_value(field_manager_),
                    "application/merge-patch+json", dump(patch)},
                   what_of("patch", type, key));
}

absl::Status Client::remove(const ResourceType& type, const ObjectKey& key, const RemoveOptions& options) {
  ASSIGN_OR_RETURN(const auto path, object_path(type, key));
  json body{{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Background"}};
  if (!options.uid.empty()) body["preconditions"]["uid"] = options.uid;
  if (!options.resource_version.empty()) body["preconditions"]["resourceVersion"] = options.resource_version;
  return send({"DELETE", path, "application/json", dump(body)}, what_of("delete", type, key)).status();
}

absl::StatusOr<Response> Client::send(const Request& request, std::string_view what) {
  auto response = transport_.request(request);
  if (!response.ok()) {
    return absl::Status(response.status().code(), fmt::format("{}: {}", what, text(response.status())));
  }
  RETURN_IF_ERROR(status_from_response(*response, what));
  return response;
}

absl::StatusOr<json> Client::send_json(const Request& request, std::string_view what) {
  ASSIGN_OR_RETURN(const auto response, send(request, what));
  json body = json::parse(response.body, nullptr, false);
  if (!body.is_object()) {
    return absl::InternalError(
        fmt::format("{}: the answer (HTTP {}, {} bytes) is not a JSON object; is {} behind "
                    "a proxy that answers by itself?",
                    what, response.status, response.body.size(), "the API server"));
  }
  return body;
}

}  // namespace rowtide::op::kube
