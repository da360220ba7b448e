// A length (2 bytes), a TABLE_MAP's body of that length, an event type (1 byte), and the body of a rows
// event: every value of every row.
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/valid_json.h"
#include "tracker/binlog/rows_event.h"
#include "tracker/binlog/table_map.h"
#include "tracker/encode/encoder.h"
#include "tracker/schema/bind_table.h"
#include "tracker/schema/name_columns_by_position.h"
#include "tracker/schema/source_catalog.h"

namespace rowtide::fuzz {
namespace {

void read_rows(std::string_view format, binlog::EventType type, Bytes body, const binlog::TablePlan& plan,
               binlog::Images images) {
  binlog::RowsHeader header;
  if (binlog::parse_rows_header(type, body, header) != binlog::RowsStatus::Ok || header.is_dummy()) return;
  const auto encoder =
      encode::make_encoder(format, {.source_name = "f", .connector = "mysql", .schema_topic = "f"}).value();
  const auto bound = encoder->bind(plan, "topic");
  if (!bound.ok()) return;
  types::Scratch scratch;
  record::RecordBatch batch;
  binlog::RowsReader reader(scratch);
  if (reader.start(header, plan, images) != binlog::RowsStatus::Ok) return;
  while (reader.next()) {
    // Every row takes bytes of the event: else there would be no end.
    require(reader.row_index() <= body.size());
    (*bound)->encode({header.operation, reader.before(), reader.after()}, {}, batch);
    scratch.reset();
    if (format != "dts-avro") require_valid_json(batch);
    batch.clear();
  }
}

}  // namespace
}  // namespace rowtide::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rowtide;
  ByteReader input(fuzz::as_input(data, size));
  const Bytes map_body = input.bytes(input.u16());
  const auto type = static_cast<binlog::EventType>(input.u8());
  if (!input.ok() || !binlog::is_rows(type)) return 0;
  auto map = binlog::parse_table_map(map_body, false);
  if (!map.ok()) return 0;
  static_cast<void>(schema::name_columns_by_position(*map));
  fuzz::NoServer no_server;
  schema::SourceCatalog catalog(no_server);
  const auto plan = schema::bind_table(*map, catalog);
  if (!plan.ok()) return 0;
  for (const char* format : {"debezium-json", "canal-json", "dts-avro"}) {
    fuzz::read_rows(format, type, input.rest(), *plan, binlog::Images::Full);
    fuzz::read_rows(format, type, input.rest(), *plan, binlog::Images::AsLogged);
  }
  return 0;
}
