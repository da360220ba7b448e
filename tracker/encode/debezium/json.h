#pragma once

#include <memory>

#include "tracker/encode/encoder.h"

namespace rowtide::encode {

/// Debezium's envelope as Kafka Connect's JSON converter writes it with schemas off, field for field in the
/// order of Debezium 3.2. Where Debezium's value is not the table's value, ours is the table's
/// (docs/formats/debezium-json.md).
[[nodiscard]] std::unique_ptr<Encoder> make_debezium_json_encoder(EncoderContext context);

}  // namespace rowtide::encode
