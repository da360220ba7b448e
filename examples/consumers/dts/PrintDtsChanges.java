import com.aliyun.dts.subscribe.clients.ConsumerContext;
import com.aliyun.dts.subscribe.clients.DTSConsumer;
import com.aliyun.dts.subscribe.clients.DefaultDTSConsumer;
import com.aliyun.dts.subscribe.clients.record.DefaultUserRecord;
import com.aliyun.dts.subscribe.clients.record.OperationType;
import com.aliyun.dts.subscribe.clients.record.RecordField;
import com.aliyun.dts.subscribe.clients.record.RowImage;
import com.aliyun.dts.subscribe.clients.record.value.Value;
import java.util.Collections;
import java.util.List;

/**
 * Prints the changes of a dts-avro topic with the SDK of Alibaba Cloud DTS, until SIGINT or SIGTERM:
 * PrintDtsChanges BOOTSTRAP TOPIC GROUP ACCOUNT SECONDS, with the password in DTS_PASSWORD. SECONDS since 1970 is where a first
 * start begins. The Kafka user is ACCOUNT-GROUP. The checkpoint is a file in the working folder.
 */
public class PrintDtsChanges {
  static String text(List<RecordField> fields, RowImage row) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < fields.size(); ++i) {
      Value<?> value = row.getValue(i);
      text.append(' ').append(fields.get(i).getFieldName()).append('=').append(value == null ? "NULL" : value.toString());
    }
    return text.toString();
  }

  static void handle(DefaultUserRecord record) {
    OperationType operation = record.getOperationType();
    switch (operation) {
      case INSERT:
      case UPDATE:
      case DELETE:
        RowImage row = operation == OperationType.DELETE ? record.getBeforeImage() : record.getAfterImage();
        System.out.println(operation + " " + record.getSchema().getDatabaseName().get() + "."
            + record.getSchema().getTableName().get() + text(record.getSchema().getFields(), row));
        break;
      case DDL:
        System.out.println("DDL " + record.getAfterImage().getValue(0));
        break;
      default: // BEGIN, COMMIT; HEARTBEAT is the SDK's
    }
    record.commit("");
  }

  public static void main(String[] arguments) {
    if (arguments.length != 5) {
      System.err.println("usage: PrintDtsChanges BOOTSTRAP TOPIC GROUP ACCOUNT SECONDS");
      System.exit(2);
    }
    ConsumerContext context = new ConsumerContext(arguments[0], arguments[1], arguments[2], arguments[3],
        System.getenv("DTS_PASSWORD"), arguments[4], ConsumerContext.ConsumerSubscribeMode.ASSIGN);
    context.setCheckpointCommitInterval(1000);
    DTSConsumer consumer = new DefaultDTSConsumer(context);
    consumer.addRecordListeners(Collections.singletonMap("print", PrintDtsChanges::handle));
    Runtime.getRuntime().addShutdownHook(new Thread(consumer::close));
    consumer.start();
  }
}
