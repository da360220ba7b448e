#include "tracker/encode/debezium/transaction.h"

#include "tracker/encode/json_writer.h"

namespace rowtide::encode {

DebeziumTransactions::DebeziumTransactions(std::string topic, bool has_schemas) : topic_(std::move(topic)) {
  if (!has_schemas) return;
  key_ = connect_transaction_key_wrapping();
  value_ = connect_transaction_wrapping();
}

void DebeziumTransactions::begin(const ChangeOrigin& origin, record::RecordBatch& out) {
  id_ = origin.transaction_id;
  total_ = 0;
  of_table_.clear();
  append_record("BEGIN", origin, out);
}

void DebeziumTransactions::end(const ChangeOrigin& origin, record::RecordBatch& out) {
  append_record("END", origin, out);
}

void DebeziumTransactions::append_block(std::string& text, std::string_view table) {
  text += R"({"id":)";
  json::append_string(text, id_);
  text += R"(,"total_order":)";
  json::append_integer(text, ++total_);
  text += R"(,"data_collection_order":)";
  json::append_integer(text, ++of_table_[table]);
  text += '}';
}

void DebeziumTransactions::append_record(std::string_view status, const ChangeOrigin& origin,
                                         record::RecordBatch& out) const {
  out.begin_record(topic_, "", origin.processed_timestamp_us / 1000);
  out.mark_schema_change();  // one partition, so that transactions stay in order
  std::string& text = out.buffer();
  text += key_.head;
  text += R"({"id":)";
  json::append_string(text, id_);
  text += '}';
  text += key_.tail;
  out.end_key();
  text += value_.head;
  text += R"({"status":")";
  text += status;
  text += R"(","id":)";
  json::append_string(text, id_);
  text += R"(,"event_count":)";
  if (status == "BEGIN") {
    text += R"(null,"data_collections":null)";
  } else {
    json::append_integer(text, total_);
    text += R"(,"data_collections":)";
    char separator = '[';
    for (const auto& [table, count] : of_table_) {
      text += separator;
      separator = ',';
      text += R"({"data_collection":)";
      json::append_string(text, table);
      text += R"(,"event_count":)";
      json::append_integer(text, count);
      text += '}';
    }
    text += separator == '[' ? "[]" : "]";
  }
  text += R"(,"ts_ms":)";
  json::append_integer(text, origin.commit_timestamp_us / 1000);
  text += '}';
  text += value_.tail;
  out.end_record();
}

}  // namespace rowtide::encode
