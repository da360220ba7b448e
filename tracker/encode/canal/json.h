#pragma once

#include <memory>

#include "tracker/encode/encoder.h"

namespace rowtide::encode {

/// Canal's flat message (com.alibaba.otter.canal.protocol.FlatMessage as fastjson writes it: fields in
/// alphabetical order, nulls written), one row per message. Values, mysqlType and sqlType as Canal's
/// LogEventConvert makes them; docs/formats/canal-json.md has the differences.
[[nodiscard]] std::unique_ptr<Encoder> make_canal_json_encoder(EncoderContext context);

}  // namespace rowtide::encode
