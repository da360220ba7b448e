import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;

/** Prints the changes of topics until SIGINT or SIGTERM: java -cp 'JARS/*' PrintChanges.java BOOTSTRAP GROUP TOPIC... */
public class PrintChanges {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  static void handle(ConsumerRecord<byte[], byte[]> record) throws Exception {
    if (record.value() == null) return; // a tombstone
    JsonNode change = MAPPER.readTree(record.value());
    String database = change.path("source").path("db").asText();
    if (change.has("ddl")) {
      System.out.println("schema " + database + " " + change.get("ddl"));
      return;
    }
    String operation = change.get("op").asText();
    System.out.println(operation + " " + database + "." + change.path("source").path("table").asText() + " "
        + change.get(operation.equals("d") ? "before" : "after"));
  }

  /** wakeup() is the one method that another thread may call; the signal's waits until the group is left. */
  static void stopAtSignal(KafkaConsumer<?, ?> consumer) {
    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      consumer.wakeup();
      try {
        main.join();
      } catch (InterruptedException ignored) {
        // The JVM ends either way.
      }
    }));
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments.length < 3) {
      System.err.println("usage: PrintChanges BOOTSTRAP GROUP TOPIC...");
      System.exit(2);
    }
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", arguments[0],
        "group.id", arguments[1],
        "key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer",
        "value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer",
        "isolation.level", "read_committed",
        "auto.offset.reset", "earliest",
        "enable.auto.commit", false);
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
      stopAtSignal(consumer);
      consumer.subscribe(Arrays.asList(arguments).subList(2, arguments.length));
      while (true) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofSeconds(1));
        for (ConsumerRecord<byte[], byte[]> record : records) handle(record);
        if (!records.isEmpty()) consumer.commitSync();
      }
    } catch (WakeupException stopped) {
      // Asked to stop: what was not committed comes again.
    }
  }
}
