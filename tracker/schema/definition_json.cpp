#include "tracker/schema/definition_json.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace rowtide::schema {
namespace {

using nlohmann::json;

json to_json(const CatalogColumn& column) {
  json object = {{"name", column.name}, {"type", column.column_type}, {"dataType", column.data_type}};
  if (!column.is_nullable) object["notNull"] = true;
  if (column.is_unsigned) object["unsigned"] = true;
  if (column.collation != 0) object["collation"] = column.collation;
  if (!column.members.empty()) object["members"] = column.members;
  if (column.generated != sql::Generated::No)
    object["generated"] = column.generated == sql::Generated::Stored ? "stored" : "virtual";
  if (column.is_auto_increment) object["autoIncrement"] = true;
  if (column.is_invisible) object["invisible"] = true;
  if (column.default_value) object["default"] = *column.default_value;
  if (column.is_default_expression) object["defaultIsExpression"] = true;
  if (!column.comment.empty()) object["comment"] = column.comment;
  return object;
}

json to_json(const CatalogKey& key) {
  json object = {{"name", key.name}, {"columns", key.columns}};
  if (key.kind != CatalogKey::Kind::Other)
    object["kind"] = key.kind == CatalogKey::Kind::Primary ? "primary" : "unique";
  if (key.has_expression) object["expression"] = true;
  if (!key.prefixes.empty()) object["prefixes"] = key.prefixes;
  if (key.hash != CatalogKey::Hash::No) object["hash"] = key.hash == CatalogKey::Hash::Yes ? "yes" : "may";
  return object;
}

/// Wrong types throw inside the library: the caller catches them.
CatalogColumn column_from(const json& object) {
  CatalogColumn column;
  column.name = object.at("name");
  column.column_type = object.at("type");
  column.data_type = object.at("dataType");
  column.is_nullable = !object.value("notNull", false);
  column.is_unsigned = object.value("unsigned", false);
  column.collation = object.value("collation", std::uint16_t{0});
  column.members = object.value("members", std::vector<std::string>());
  const std::string generated = object.value("generated", std::string());
  if (generated == "stored") column.generated = sql::Generated::Stored;
  if (generated == "virtual") column.generated = sql::Generated::Virtual;
  column.is_auto_increment = object.value("autoIncrement", false);
  column.is_invisible = object.value("invisible", false);
  if (const auto value = object.find("default"); value != object.end()) {
    column.default_value = value->get<std::string>();
  }
  column.is_default_expression = object.value("defaultIsExpression", false);
  column.comment = object.value("comment", std::string());
  return column;
}

CatalogKey key_from(const json& object) {
  CatalogKey key;
  key.name = object.at("name");
  key.columns = object.at("columns").get<std::vector<std::string>>();
  const std::string kind = object.value("kind", std::string());
  if (kind == "primary") key.kind = CatalogKey::Kind::Primary;
  if (kind == "unique") key.kind = CatalogKey::Kind::Unique;
  key.has_expression = object.value("expression", false);
  key.prefixes = object.value("prefixes", std::vector<std::uint32_t>());
  if (!key.prefixes.empty()) key.prefixes.resize(key.columns.size());
  const std::string hash = object.value("hash", std::string());
  if (hash == "may") key.hash = CatalogKey::Hash::May;
  if (hash == "yes") key.hash = CatalogKey::Hash::Yes;
  return key;
}

}  // namespace

json to_json(const CatalogTable& table) {
  json object = {{"columns", json::array()}};
  for (const CatalogColumn& column : table.columns) object["columns"].push_back(to_json(column));
  for (const CatalogKey& key : table.keys) object["keys"].push_back(to_json(key));
  if (table.collation != 0) object["collation"] = table.collation;
  if (!table.comment.empty()) object["comment"] = table.comment;
  if (!table.hidden_columns.empty()) object["hidden"] = table.hidden_columns;
  if (table.is_versioned) object["versioned"] = true;
  return object;
}

absl::StatusOr<CatalogTable> table_from_json(const json& object) {
  try {
    CatalogTable table;
    for (const json& column : object.at("columns")) table.columns.push_back(column_from(column));
    if (const auto keys = object.find("keys"); keys != object.end()) {
      for (const json& key : *keys) table.keys.push_back(key_from(key));
    }
    table.collation = object.value("collation", std::uint16_t{0});
    table.comment = object.value("comment", std::string());
    table.hidden_columns = object.value("hidden", std::vector<std::string>());
    table.is_versioned = object.value("versioned", false);
    table.choose_key();
    return table;
  } catch (const json::exception& error) {
    return absl::DataLossError(std::string("a table's definition cannot be read: ") + error.what());
  }
}

}  // namespace rowtide::schema
