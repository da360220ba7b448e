import ch.qos.logback.classic.Level;
import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONWriter;
import com.alibaba.otter.canal.client.adapter.support.JdbcTypeUtil;
import com.alibaba.otter.canal.client.kafka.KafkaCanalConnector;
import com.alibaba.otter.canal.client.kafka.KafkaOffsetCanalConnector;
import com.alibaba.otter.canal.protocol.FlatMessage;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.sql.Types;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/**
 * Reads canal-json with Canal's client and converts it as Canal's adapters do, both unmodified. Arguments: the brokers,
 * the topic, a consumer group, how many messages there are. The first client begins at the topic's beginning and
 * acknowledges one batch; a second one of the group goes on. Prints a line of JSON for each message: "message", what the
 * client has read; "rows", the values that an adapter makes of it by their types, as text (bytes as hex).
 */
public class CanalReader {
  static final PrintStream out = System.out;

  static String json(Object value) {
    return JSON.toJSONString(value, JSONWriter.Feature.WriteNulls);
  }

  static String text(Object value) {
    if (value == null) return null;
    if (value instanceof BigDecimal) return ((BigDecimal) value).toPlainString();
    if (!(value instanceof byte[])) return value.toString();
    StringBuilder hex = new StringBuilder();
    for (byte each : (byte[]) value) hex.append(String.format("%02X", each));
    return hex.toString();
  }

  /** As an adapter has a value of that type. Its Timestamp would cut microseconds: those stay as the client has them. */
  static String converted(FlatMessage message, String column, String value) {
    int type = message.getSqlType().get(column);
    if (type == Types.TIMESTAMP) return value;
    String mysqlType = message.getMysqlType().get(column);
    return text(JdbcTypeUtil.typeConvert(message.getTable(), column, value, type, mysqlType));
  }

  static void print(FlatMessage message) {
    List<Map<String, String>> rows = new ArrayList<>();
    if (!message.getIsDdl()) {
      for (Map<String, String> data : message.getData()) {
        Map<String, String> row = new LinkedHashMap<>();
        data.forEach((column, value) -> row.put(column, converted(message, column, value)));
        rows.add(row);
      }
    }
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("message", message);
    line.put("rows", rows);
    out.println(json(line));
  }

  public static void main(String[] arguments) {
    System.setOut(System.err); // logback's place
    ((ch.qos.logback.classic.Logger) LoggerFactory.getLogger("ROOT")).setLevel(Level.WARN);
    String brokers = arguments[0], topic = arguments[1], group = arguments[2];
    int left = Integer.parseInt(arguments[3]);

    KafkaOffsetCanalConnector first = new KafkaOffsetCanalConnector(brokers, topic, null, group, true);
    first.setAutoOffsetReset("earliest");
    first.connect();
    first.subscribe();
    for (int read = 0; read == 0; ) {
      List<FlatMessage> messages = first.getFlatList(1L, TimeUnit.SECONDS);
      messages.forEach(CanalReader::print);
      left -= read = messages.size();
    }
    first.disconnect();

    KafkaCanalConnector second = new KafkaCanalConnector(brokers, topic, null, group, 50, true);
    second.connect();
    second.subscribe();
    while (left > 0) {
      List<FlatMessage> messages = second.getFlatListWithoutAck(1L, TimeUnit.SECONDS);
      messages.forEach(CanalReader::print);
      if (!messages.isEmpty()) second.ack();
      left -= messages.size();
    }
    second.disconnect();
  }
}
