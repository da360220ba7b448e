"""Reads a topic, for the programs beside this file. Needs confluent-kafka: Debian's python3-confluent-kafka."""
import signal

from confluent_kafka import Consumer, KafkaException, TopicPartition


def divide(records, is_alone):
    """Lists of records in their order; those of which `is_alone` says so are by themselves."""
    together = []
    for record in records:
        if not is_alone(record):
            together.append(record)
            continue
        if together:
            yield together
        yield [record]
        together = []
    if together:
        yield together


def batches(bootstrap, group, topic, size, is_alone=lambda record: False, **settings):
    """Lists of 1 to `size` records, until SIGINT or SIGTERM. Who comes for the next one is done with the last: that is when its
    place is committed, so that after a crash it comes again. `settings` are librdkafka's, with _ for their dots."""
    consumer = Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "session.timeout.ms": 6000,  # so soon after a crash somebody else has its partitions
    } | {name.replace("_", "."): value for name, value in settings.items()})
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
            for batch in divide(records, is_alone):
                yield batch
                ends = {(record.topic(), record.partition()): record.offset() + 1 for record in batch}
                consumer.commit(offsets=[TopicPartition(*place, end) for place, end in ends.items()], asynchronous=False)
    finally:
        consumer.close()
