// A TABLE_MAP's body: parsed as each server's, and compiled into a plan.
#include "tracker/binlog/table_map.h"
#include "tests/fuzz/fuzz_input.h"
#include "tracker/schema/bind_table.h"
#include "tracker/schema/name_columns_by_position.h"
#include "tracker/schema/source_catalog.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rowtide;
  const Bytes body = fuzz::as_input(data, size);
  const auto head = binlog::parse_table_map_head(body);
  for (const bool is_mariadb : {false, true}) {
    auto map = binlog::parse_table_map(body, is_mariadb);
    if (!map.ok()) continue;
    fuzz::require(head.ok() && head->table_id == map->table_id && head->table == map->table);
    fuzz::require(map->wire_metadata.size() == map->column_count() &&
                  map->is_nullable.size() == map->column_count());
    fuzz::NoServer no_server;
    schema::SourceCatalog catalog(no_server);
    static_cast<void>(schema::bind_table(*map, catalog));
    static_cast<void>(schema::name_columns_by_position(*map));
    const auto plan = schema::bind_table(*map, catalog);
    if (!plan.ok()) continue;
    fuzz::require(plan->columns.size() + plan->hidden.size() + plan->unread == map->column_count());
    for (const std::uint32_t column : plan->key_columns) fuzz::require(column < plan->columns.size());
  }
  return 0;
}
