"""Reads a topic, for the programs beside this file. Needs confluent-kafka: Debian's python3-confluent-kafka."""
import signal

from confluent_kafka import Consumer, KafkaException


def batches(bootstrap, group, topic, size):
    """Lists of 1 to `size` records, until SIGINT or SIGTERM. Who comes for the next one is done with the last: that is when its
    place is committed, so that after a crash it comes again."""
    consumer = Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "session.timeout.ms": 6000,  # so soon after a crash somebody else has its partitions
    })
    stopped = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.append(True))
    consumer.subscribe([topic])
    try:
        while not stopped:
            records = consumer.consume(size, timeout=0.5)
            for record in records:
                if record.error():
                    raise KafkaException(record.error())
            if records:
                yield records
                consumer.commit(asynchronous=False)
    finally:
        consumer.close()
