# shellcheck shell=bash
# shellcheck disable=SC2034  # read by the scripts that source this file
# The release of Kafka that is had here, for the broker and for its command line tools.

KAFKA_VERSION=3.9.1
KAFKA_HOME=kafka_2.13-$KAFKA_VERSION
