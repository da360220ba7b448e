"""Where each command of the documents for users is run: `listing_test.py` prints "PASSED FAILED".

Each block of commands or configuration, and each command in a sentence, is run by commands_test.py; or by another test, which is named in
ELSEWHERE and has the words that matter; or stands in NOT_RUN with the reason. One that is nowhere fails, as does an entry whose block is
gone. A block is named by its document and how it begins; a command in a sentence stands between backquotes. Nothing is run here, so that
it is among the quick tests.
"""

import pathlib
import sys
import unittest

import yaml

import cluster_commands  # noqa: F401 - which blocks it runs
import parts
import source_commands  # noqa: F401 - which blocks it runs
from blocks import ROOT, user_blocks

EXAMPLES = "tests/integration/consumer_examples_test.cpp"
INSTALL = "tests/sdk/install_test.py"
PLUGIN = "tests/plugin/plugin_test.py"
SIDECAR = "tests/e2e/sidecar_test.cpp"
REPLAY = "tests/e2e/getting_started_test.py"

# (document, how it begins, the test, words that stand in the block and in the test); without words: the test reads the document itself
ELSEWHERE = [
    *(("docs/getting-started.md", begins, REPLAY) for begins in (
        "CREATE USER 'rowtide'", "kubectl create namespace shop", "kubectl apply -f orders.yaml", "kubectl -n shop describe ctt",
        "CREATE TABLE shop.greetings", "kcat -C -b kafka.shop.svc:9092", "kubectl -n shop port-forward")),
    ("docs/consuming.md", "`java -cp 'JARS/*' PrintChanges.java kafka:9092 cache shop.orders`", EXAMPLES, "PrintChanges.java", "java"),
    ("docs/consuming.md", "`go run . kafka:9092 cache shop.orders`", EXAMPLES, "go"),
    ("docs/consuming.md", "`g++ -std=c++20 main.cpp $(pkg-config --cflags --libs rowtide-sdk)`", INSTALL, "pkg-config", "--cflags", "--libs", "rowtide-sdk"),
    ("docs/formats/canal-json.md", "KafkaCanalConnector connector", "tests/integration/CanalReader.java", "KafkaCanalConnector", "true"),
    ("docs/formats/debezium-json.md", "connector.class", "tests/integration/jdbc_sink_test.cpp",
     "header.converter=org.apache.kafka.connect.storage.StringConverter", "insert.mode=upsert", "delete.enabled=true",
     "primary.key.mode=record_key", "schema.evolution=basic", "collection.name.format=${source.table}"),
    ("docs/formats/dts-avro.md", "ConsumerContext context", "tests/integration/DtsReader.java", "ConsumerContext", "DefaultDTSConsumer",
     "addRecordListeners", "record.commit"),
    ("docs/formats/dts-avro.md", "DTS_PASSWORD=", EXAMPLES, "DTS_PASSWORD", "PrintDtsChanges.java"),
    *(("docs/kubectl-plugin.md", f"`kubectl rowtide {verb}`", PLUGIN, verb.split()[0]) for verb in (
        "status [TASK] [-A]", "precheck TASK", "restart TASK", "suspend TASK", "position TASK", "reset TASK", "logs TASK")),
    ("docs/kubectl-plugin.md", "`kubectl completion --help`", PLUGIN, "complet"),
    ("docs/operations.md", "`kubectl rowtide status NAME`", PLUGIN, "status"),
    ("docs/operations.md", "`kubectl rowtide position`", PLUGIN, "position"),
    ("docs/security.md", "`kubectl rowtide restart orders -n shop`", PLUGIN, "restart"),
    ("docs/sdk.md", "apt-get install", INSTALL, "cmake", "-S", "--build", "--install"),
    ("docs/sdk.md", "find_package", INSTALL, "find_package(rowtide-sdk 0.1 REQUIRED)", "rowtide::sdk"),
    ("docs/sdk.md", "rowtide::Options options", INSTALL),
    ("docs/sdk.md", "options.topics", INSTALL),
    ("docs/security.md", "apiVersion: admissionregistration", "tests/integration/platform_policy_test.cpp"),
    ("docs/stream.md", "kubectl label namespace shop rowtide.dev/injection", SIDECAR, "label", "rowtide.dev/injection=enabled", "cache.yaml"),
]

# (document, how it begins, why nothing runs it)
NOT_RUN = [
    ("README.md", "./scripts/quickstart.sh", "builds the product, and runs all tests, this one too"),
    ("README.md", "kubectl apply -f orders.yaml", "a drawing"),
    ("docs/consuming.md", "`apt-get install python3-confluent-kafka`", "changes this machine's packages; scripts/lib/packages.sh installs that one for the tests"),
    ("docs/install.md", "version=$(sed", "builds an image and pushes it to a registry of the reader's; scripts/test.sh builds the same image"),
    ("docs/install.md", "scripts/cluster.sh load-image", "builds an image for a cluster; scripts/test.sh does the same before the tests e2e"),
    ("docs/names.md", "`rowtide-tracker decode --objects`", "a name in a sentence; docs/decode.md has the command"),
    ("docs/operations.md", "`kubectl logs job/NAME-cleanup`", "needs a kubelet that has run the Job"),
    ("docs/stream.md", "`kubectl rollout restart`", "a name in a sentence, without a workload"),
    ("docs/consuming.md", "schema shop", "data, not a command"),
    ("docs/stream.md", "{", "data, not a command"),
    ("docs/stream.md", "`curl -H 'Content-Type: text/plain'`", "a part of a command"),
]


def is_read_by_documents_test(block):
    """Tasks, and parts of their specs: the tracker reads each in documents_test.py."""
    if block.kind not in ("yaml", "indented"):
        return False
    try:
        documents = list(yaml.safe_load_all(block.text))
    except yaml.YAMLError:
        return False
    return all(isinstance(one, dict) and (one.get("kind") == "ChangeTrackingTask" or list(one) == ["spec"]) for one in documents)


def entries():
    """(document, how it begins) of all that is listed or run."""
    return [entry[:2] for entry in (*ELSEWHERE, *NOT_RUN)] + list(parts.runners)


class Listing(unittest.TestCase):
    def test_each_block_has_one_entry(self):
        """One that fails here is to be run, or in ELSEWHERE or NOT_RUN."""
        counts = {str(block): sum(1 for document, begins in entries() if document == block.document and parts.matches(block, begins))
                  for block in user_blocks() if not is_read_by_documents_test(block)}
        self.assertGreater(len(counts), 50, "hardly any block was found: is the search broken?")
        self.assertEqual({block: count for block, count in counts.items() if count != 1}, {})

    def test_each_entry_has_one_block(self):
        for document, begins in entries():
            with self.subTest(f"{document}: {begins}"):
                self.assertEqual(len(parts.found(document, begins)), 1)

    def test_the_other_tests_are_there_and_run_it(self):
        for document, begins, test, *words in ELSEWHERE:
            with self.subTest(f"{document}: {begins}", test=test):
                source = (ROOT / test).read_text(encoding="utf-8")
                for word in words or (pathlib.Path(document).name,):
                    self.assertTrue(word in source, f"the test does not have {word!r}")
                for word in words:
                    self.assertTrue(word in parts.text_of(document, begins), f"the block does not have {word!r}")


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(suite)
    failed = {test.id().split(" ")[0] for test, _ in outcome.failures + outcome.errors}
    print(outcome.testsRun - len(failed), len(failed))
