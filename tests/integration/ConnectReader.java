import io.debezium.transforms.ExtractNewRecordState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;

/**
 * What a sink in Kafka Connect does before its own work: JsonConverter with schemas, then Debezium's
 * ExtractNewRecordState, both unmodified. Arguments: the brokers, the topic. Prints each row that comes out as a line of
 * tab-separated NAME=VALUE (bytes as hex, null as \N), its key in front; a row that is gone as "KEY gone".
 */
public class ConnectReader {
  static String text(Object value) {
    if (value == null) return "\\N";
    if (value instanceof java.nio.ByteBuffer) value = ((java.nio.ByteBuffer) value).array();
    if (value instanceof byte[]) {
      StringBuilder out = new StringBuilder();
      for (byte each : (byte[]) value) out.append(String.format("%02X", each));
      return out.toString();
    }
    if (value instanceof java.math.BigDecimal) return ((java.math.BigDecimal) value).toPlainString();
    return value.toString();
  }

  static String text(Struct struct) {
    StringBuilder out = new StringBuilder();
    for (Field field : struct.schema().fields()) {
      if (out.length() > 0) out.append('\t');
      out.append(field.name()).append('=').append(text(struct.get(field)));
    }
    return out.toString();
  }

  public static void main(String[] arguments) {
    String topic = arguments[1];
    Properties properties = new Properties();
    properties.put("bootstrap.servers", arguments[0]);
    properties.put("isolation.level", "read_committed");
    JsonConverter keys = new JsonConverter();
    keys.configure(Map.of("schemas.enable", "true"), true);
    JsonConverter values = new JsonConverter();
    values.configure(Map.of("schemas.enable", "true"), false);
    ExtractNewRecordState<SinkRecord> transform = new ExtractNewRecordState<>();
    transform.configure(Map.of("delete.tombstone.handling.mode", "tombstone"));

    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties, bytes, bytes)) {
      TopicPartition partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (consumer.position(partition) < end) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          SchemaAndValue key = keys.toConnectData(topic, record.key());
          SchemaAndValue value = values.toConnectData(topic, record.value());
          SinkRecord row =
              transform.apply(
                  new SinkRecord(
                      topic, 0, key.schema(), key.value(), value.schema(), value.value(), record.offset()));
          if (row == null || (value.value() != null && value.schema().name().endsWith("SchemaChangeValue")))
            continue;
          String id = key.value() == null ? "" : text((Struct) key.value());
          System.out.println(id + "\t" + (row.value() == null ? "gone" : text((Struct) row.value())));
        }
      }
    }
  }
}
