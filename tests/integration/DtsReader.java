import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.serializer.SerializerFeature;
import com.aliyun.dts.subscribe.clients.ConsumerContext;
import com.aliyun.dts.subscribe.clients.DefaultDTSConsumer;
import com.aliyun.dts.subscribe.clients.record.DefaultUserRecord;
import com.aliyun.dts.subscribe.clients.record.OperationType;
import com.aliyun.dts.subscribe.clients.record.RecordField;
import com.aliyun.dts.subscribe.clients.record.RowImage;
import com.aliyun.dts.subscribe.clients.record.value.NoneValue;
import com.aliyun.dts.subscribe.clients.record.value.UnixTimestamp;
import com.aliyun.dts.subscribe.clients.record.value.Value;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A consumer as its users write it: the public SDK, unmodified, printing each record as a line of JSON. */
public class DtsReader {
  static final String NONE = "(none)";

  static String hex(ByteBuffer bytes) {
    StringBuilder out = new StringBuilder();
    ByteBuffer copy = bytes.duplicate();
    while (copy.hasRemaining()) out.append(String.format("%02X", copy.get()));
    return out.toString();
  }

  static Object plain(Value<?> value) {
    if (value == null) return null;
    if (value instanceof NoneValue) return NONE;
    if (value instanceof UnixTimestamp) {
      UnixTimestamp time = (UnixTimestamp) value;
      return String.format("%d.%06d", time.getTimestampSec(), time.getMicro());
    }
    switch (value.getType()) {
      case BINARY_ENCODING_OBJECT:
      case WKB_GEOMETRY:
        return hex((ByteBuffer) value.getData());
      default:
        return value.toString();
    }
  }

  static Map<String, Object> plain(List<RecordField> fields, RowImage image) {
    if (image == null) return null;
    Map<String, Object> row = new LinkedHashMap<>();
    for (int i = 0; i < fields.size(); ++i) row.put(fields.get(i).getFieldName(), plain(image.getValue(i)));
    return row;
  }

  static void print(DefaultUserRecord record) {
    OperationType operation = record.getOperationType();
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("op", operation.name());
    line.put("id", record.getId());
    line.put("timestamp", record.getSourceTimestamp());
    line.put("txid", record.getAvroRecord().getSourceTxid());
    line.put("position", record.getAvroRecord().getSourcePosition());
    if (operation == OperationType.DDL) {
      line.put("object", record.getAvroRecord().getObjectName());
      line.put("sql", record.getAfterImage().getValue(0).toString());
    } else if (operation != OperationType.BEGIN && operation != OperationType.COMMIT) {
      List<RecordField> fields = record.getSchema().getFields();
      Map<String, Integer> types = new LinkedHashMap<>();
      for (RecordField field : fields) types.put(field.getFieldName(), field.getRawDataTypeNum());
      line.put("database", record.getSchema().getDatabaseName().get());
      line.put("table", record.getSchema().getTableName().get());
      line.put("source", record.getSchema().getDatabaseInfo().toString());
      line.put("key", record.getAvroRecord().getTags().get("pk_uk_info"));
      line.put("types", types);
      line.put("before", plain(fields, record.getBeforeImage()));
      line.put("after", plain(fields, record.getAfterImage()));
    }
    System.out.println(JSON.toJSONString(line, SerializerFeature.WriteMapNullValue));
  }

  /** broker topic group account password checkpoint ASSIGN|SUBSCRIBE; the checkpoint's file is made in the working folder. */
  public static void main(String[] args) {
    ConsumerContext context =
        new ConsumerContext(args[0], args[1], args[2], args[3], args[4], args[5],
            ConsumerContext.ConsumerSubscribeMode.valueOf(args[6]));
    context.setCheckpointCommitInterval(100);
    DefaultDTSConsumer consumer = new DefaultDTSConsumer(context);
    consumer.addRecordListeners(Collections.singletonMap("print", record -> {
      try {
        print(record);
        record.commit("");
      } catch (Throwable failure) {
        failure.printStackTrace();
        System.exit(1);
      }
    }));
    consumer.start();
  }
}
