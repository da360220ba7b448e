#pragma once

#include <memory>

#include "tracker/encode/encoder.h"

namespace rowtide::encode {

/// The Record of Alibaba Cloud DTS' change tracking (com.alibaba.dts.formats.avro.Record) in Avro's binary
/// encoding, as its consumer SDK reads it. Message timestamps are in seconds, because the SDK looks its
/// checkpoints up by them (docs/formats/dts-avro.md).
[[nodiscard]] std::unique_ptr<Encoder> make_dts_avro_encoder(EncoderContext context);

}  // namespace rowtide::encode
