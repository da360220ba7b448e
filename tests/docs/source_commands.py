"""Commands and settings of the documents that need a source and Kafka: real MySQL, MariaDB and a broker with logins and an authorizer."""

import json
import re
import unittest
import urllib.request

import yaml

import parts
from api_server import wait_for
from blocks import user_blocks
from live_system import free_port
from parts import PASSWORD, Running, brokers, put_in, runs, shell, sql, text_of

ALL = "kcat -C -b {} -t {} -o beginning -e -q -f '%s\\n'"
ORDERS = "shop.orders"


def task_of(document, word):
    """The task of a document whose block has this word."""
    (block,) = (one for one in user_blocks() if one.document == document and one.kind == "yaml" and word in one.text)
    return yaml.safe_load(block.text)


def save(name, thing):
    path = parts.folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(thing if isinstance(thing, str) else yaml.safe_dump(thing), encoding="utf-8")


def mysqld_options(text, leave_out=()):
    """The lines of a my.cnf without those of other servers, as a server reads them."""
    lines = [line for line in text.splitlines() if not any(word in line for word in leave_out)]
    save("my.cnf", "\n".join(lines) + "\n")
    return shell("my_print_defaults --defaults-file=my.cnf mysqld").split()


def accounts():
    """Of MySQL, of MariaDB."""
    mysql, mariadb = text_of("docs/sources.md", "-- MySQL, RDS").split("-- MariaDB\n")
    return mysql, mariadb


class SourceCommands(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.mysql = parts.server("mysql", *mysqld_options(text_of("docs/sources.md", "[mysqld]")))
        sql(cls.mysql, "CREATE DATABASE shop;" + accounts()[0])
        cls.port = free_port()
        cls.variables = {"SOURCE_PASSWORD": PASSWORD, "PASSWORD": PASSWORD}

    def setUp(self):
        """The task of getting-started.md, as it is run without Kubernetes, and its table."""
        self.task = task_of("docs/getting-started.md", "SOURCE_PASSWORD")
        self.task["spec"]["source"]["port"] = int(self.mysql["PORT"])
        self.assertEqual(self.task["spec"]["sink"]["kafka"]["bootstrapServers"], ["127.0.0.1:9092"])
        self.task["spec"]["sink"]["kafka"]["bootstrapServers"] = [brokers()]
        save("task.yaml", self.task)
        self.here = {"localhost:8080": f"localhost:{self.port}"}
        sql(self.mysql, "DROP DATABASE shop; CREATE DATABASE shop; CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, item VARCHAR(20))")

    def shell(self, text, **more):
        return shell(text, **self.variables, **more)

    def tracker(self, command="rowtide-tracker run task.yaml", more=""):
        return Running(f"{command} --listen 127.0.0.1:{self.port} {more}", **self.variables)

    def wait_streaming(self, tracker):
        def is_streaming():
            assert tracker.process.poll() is None, tracker.output()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status", timeout=5) as answer:
                    return json.load(answer)["state"] == "Streaming"
            except OSError:
                return False

        wait_for("the tracker streams", is_streaming)

    def insert(self, *ids):
        sql(self.mysql, "".join(f"INSERT INTO shop.orders VALUES ({one}, 'pen');" for one in ids))

    def delivered(self, topic=ORDERS):
        """The ids of all rows in a topic, which may not be there yet."""
        values = (json.loads(line) for line in self.shell(ALL.format(brokers(), topic) + " 2>/dev/null || true").splitlines() if line)
        return [value["after"]["id"] for value in values if value.get("op") == "c"]

    def wait_delivered(self, *ids, topic=ORDERS):
        try:
            wait_for(f"rows {ids}", lambda: self.delivered(topic)[-len(ids):] == list(ids), 30)
        except AssertionError as error:
            raise AssertionError(f"{error}; there are {self.delivered(topic)}") from error

    def prechecked(self, command="rowtide-tracker precheck -o json task.yaml", **more):
        """check -> result"""
        return {item["name"]: item["result"] for item in json.loads(self.shell(command, **more))["items"]}

    # ---- the source ----

    @runs("docs/sources.md", "-- MySQL, RDS", "[mysqld]")
    def test_servers_set_up_like_this_pass(self, _, config):
        # MySQL 8 is the one of all tests here.
        self.assertEqual(set(self.prechecked().values()), {"Passed"})
        others = {
            "mysql57": ("MySQL", 0, ("not on MySQL 5.7",), {"BinlogRowMetadata"}),
            "mariadb": ("MariaDB", 1, ("MySQL only",), set()),
        }
        for name, (kind, account, leave_out, missing) in others.items():
            with self.subTest(name):
                before = "expire_logs_days = 3"
                text = config if name == "mariadb" else re.sub(r"binlog_expire_logs_seconds.*", before, put_in(config, of={before: before}))
                server = parts.Server(name, parts.folder(), *mysqld_options(text, leave_out))
                try:
                    sql(server.facts, "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY);" + accounts()[account])
                    self.task["spec"]["source"] |= {"type": kind, "port": int(server.facts["PORT"])}
                    save("task.yaml", self.task)
                    found = self.prechecked()
                    self.assertGreater(len(found), 15)
                    self.assertEqual({check: result for check, result in found.items() if result != "Passed" and check not in missing}, {})
                finally:
                    server.stop()

    # ---- without Kubernetes ----

    @runs("README.md", "rowtide-tracker precheck task.yaml", "`rowtide-tracker run task.yaml`")
    @runs("docs/getting-started.md", "export SOURCE_PASSWORD", "kcat -C -b 127.0.0.1:9092", "`rowtide-tracker run --help`")
    @runs("docs/prechecks.md", "`rowtide-tracker precheck task.yaml`")
    def test_getting_started(self, readme, run, started, looked, usage, check):
        export, *commands = started.splitlines()
        self.assertEqual(export, f"export SOURCE_PASSWORD={self.variables['SOURCE_PASSWORD']}")
        precheck, start = (command.split("#")[0].strip() for command in commands)
        self.assertEqual([line.split("#")[0].strip() for line in readme.splitlines()], [precheck, start])
        self.assertEqual((check, run), (precheck, start))
        self.assertRegex(self.shell(precheck), r"BinlogFormat +Passed")
        self.assertIn("--listen", self.shell(usage))
        with self.tracker(start) as tracker:
            self.wait_streaming(tracker)
            self.insert(1)
            self.wait_delivered(1)
            key, status = self.shell(put_in(looked, of=self.here | {"127.0.0.1:9092": brokers()})).splitlines()[-2:]
            self.assertTrue(key.startswith('{"id":1}  {'), key)
            self.assertIn('"state":"Streaming"', status)

    @runs("docs/prechecks.md", "rowtide-tracker precheck task.yaml  ")
    def test_precheck(self, text):
        """Its other two lines are kubectl's: cluster_commands.py."""
        table, report = text.splitlines()[:2]
        self.assertRegex(self.shell(table), r"BinlogFormat +Passed")
        self.assertEqual(self.prechecked(report)["BinlogFormat"], "Passed")
        self.assertLessEqual({"task", "documentHash", "clientAddress", "completedAtMs", "items"}, set(json.loads(self.shell(report))))

    @runs("docs/consuming.md", "kcat -C -b kafka:9092", "`rowtide-tracker run task.yaml --groups groups.yaml`")
    def test_consuming(self, look, run):
        group = task_of("docs/consuming.md", "kind: ConsumerGroup")
        group["spec"] |= {"groupId": "cache", "checkpoint": {"mode": "Earliest"}}
        save("groups.yaml", group)
        beginning, end = put_in(look, of={"kafka:9092": brokers()}).splitlines()
        with self.tracker(run) as tracker:
            self.wait_streaming(tracker)
            self.insert(2)
            self.wait_delivered(2)
            self.assertRegex(self.shell(beginning), r'(?m)^0 \d+ \d+  {"id":2}  {')
            with Running(f"stdbuf -oL {end}") as now:  # as at a terminal
                wait_for("kcat waits", lambda: "Reached end" in now.output())
                self.insert(3)
                wait_for("the row", lambda: '{"id":3}  {' in now.output())
                self.assertNotIn('{"id":2}', now.output())
            groups = f"kafka-consumer-groups.sh --bootstrap-server {brokers()} --list"
            wait_for("the group", lambda: "cache" in self.shell(groups))

    @runs("docs/decode.md", "rowtide-tracker decode", "mysqldump")
    def test_decode(self, decode, with_schema):
        self.insert(4)
        sql(self.mysql, "FLUSH BINARY LOGS")
        self.insert(5)
        files = sql(self.mysql, "SHOW BINARY LOGS").split("\n")[1:]
        older, newer = (str(parts.folder() / "mysql" / "data" / line.split()[0]) for line in files[-3:-1])
        places = {"binlog.000041": older, "binlog.000042": newer}
        values = [json.loads(line) for line in self.shell(put_in(decode, of=places)).splitlines()]
        self.assertEqual([value["after"]["id"] for value in values if value.get("op") == "c"][-2:], [4, 5])
        client = f"mysqldump --no-defaults -uroot -S {self.mysql['SOCKET']}"
        self.shell(put_in(with_schema, of={"mysqldump": client, "binlog.000041": newer}))
        self.assertIn("CREATE TABLE `orders`", (parts.folder() / "schema.sql").read_text(encoding="utf-8"))

    # ---- Kafka ----

    @runs("docs/security.md", "acls=")
    @runs("docs/delivery.md", "rowtide-tracker cleanup")
    def test_acls_and_cleanup(self, acls, cleanup):
        """The account may do nothing; the block is typed; then all of a task goes as this account. In the end its topic is deleted."""
        task = task_of("docs/getting-started.md", "kafka.shop.svc:9092")
        task["spec"]["source"] |= {"host": "127.0.0.1", "port": int(self.mysql["PORT"])}
        security = {"protocol": "SASL_PLAINTEXT", "mechanism": "PLAIN", "credentialsSecretRef": {"name": "orders-kafka"}}
        address = f"{parts.kafka()['HOST']}:{parts.kafka()['PORT']}"
        task["spec"]["sink"]["kafka"] |= {"bootstrapServers": [address], "security": security}
        save("task.yaml", task)
        for secret in ("orders-source", "orders-kafka"):
            for key, value in (("username", "rowtide"), ("password", PASSWORD)):
                save(f"secrets/{secret}/{key}", value)
        precheck = "rowtide-tracker precheck -o json task.yaml --secrets secrets"
        self.shell(f"kafka-topics.sh --bootstrap-server {brokers()} --delete --if-exists --topic '{ORDERS}|__rowtide_checkpoints'")
        self.assertEqual(self.prechecked(precheck, code=1)["KafkaPermissions"], "Failed")
        self.shell(put_in(acls, of={"kafka:9092": brokers()}))
        self.assertEqual(self.prechecked(precheck)["KafkaPermissions"], "Passed")
        with self.tracker(more="--secrets secrets") as tracker:
            self.wait_streaming(tracker)
            self.insert(6)
            self.wait_delivered(6)
        self.shell(f"kafka-acls.sh --bootstrap-server {brokers()} --add --allow-principal User:rowtide --operation Delete --topic {ORDERS}")
        self.shell(put_in(cleanup, of={"DIR": "secrets"}))
        self.assertNotIn(ORDERS, self.shell(f"kafka-topics.sh --bootstrap-server {brokers()} --list").split())

    @runs("docs/operations.md", "kcat -C -b kafka:9092 -t __rowtide_checkpoints", "kafka-topics.sh")
    def test_backup_of_checkpoints(self, copy_out, bring_back):
        """The topic is lost twice: it is restored, and the second time the task is told its position."""
        of = {"kafka:9092": brokers()}
        topic = "shop.backup"
        self.task["metadata"]["name"] = "backup"
        save("task.yaml", self.task)
        lose = f"kafka-topics.sh --bootstrap-server {brokers()} --delete --topic __rowtide_checkpoints"
        with self.tracker() as tracker:
            self.wait_streaming(tracker)
            self.insert(1)
            self.wait_delivered(1, topic=topic)
        self.shell(put_in(copy_out, of=of))
        self.insert(2)
        self.shell(lose)
        self.shell(put_in(bring_back, of=of))
        with self.tracker() as tracker:
            self.wait_streaming(tracker)
            self.insert(3)
            self.wait_delivered(1, 2, 3, topic=topic)
            position = json.loads(self.shell(put_in("curl -s localhost:8080/status", of=self.here)))["position"]
        self.insert(4)
        self.shell(lose)
        start = task_of("docs/operations.md", "mode: GTIDSet")["spec"]["startPosition"]
        self.task["spec"]["startPosition"] = start | {"gtidSet": position["gtidSet"]}
        save("task.yaml", self.task)
        with self.tracker() as tracker:
            self.wait_streaming(tracker)
            self.insert(5)
            self.wait_delivered(1, 2, 3, 4, 5, topic=topic)

    # ---- changes over HTTP ----

    @runs("docs/stream.md", "mkdir -p", "curl -N 'localhost:8080/changes?reader=cache'")
    def test_stream(self, run, named):
        task = task_of("docs/stream.md", "sink: {stream: {}}")
        task["spec"]["source"]["port"] = int(self.mysql["PORT"])
        save("task.yaml", task)
        make, start, latest = put_in(run, of=self.here | {"127.0.0.1:8080": f"127.0.0.1:{self.port}", "/var/lib/rowtide": "state"}).splitlines()
        self.shell(make)
        follow, acknowledge, forget = put_in(named, of=self.here).splitlines()
        with Running(start, **self.variables) as tracker:
            self.wait_listening(tracker)
            with Running(latest) as reader:
                self.insert_until(reader, '"after":{"id":')
            with Running(follow) as reader:
                self.insert_until(reader, '"rowtide":"commit"')
                commit = re.search(r'^{"rowtide":"commit".*$', reader.output(), re.MULTILINE)[0]
                self.assertIn("saved", self.shell(put_in(acknowledge, of={"eyJzIjoi...": json.loads(commit)["position"]})))
            wait_for("the reader is forgotten", lambda: "409" not in self.shell(forget.replace("curl", "curl -sS -w '%{http_code}'")))
            self.assertIn("404", self.shell(forget.replace("curl", "curl -sS -w '%{http_code}'")))

    def insert_until(self, reader, text):
        """It begins with what comes from now on; it does not say when that is."""
        def is_there():
            sql(self.mysql, "INSERT INTO shop.orders (item) VALUES ('pen')")
            return text in reader.output()

        wait_for(text, is_there)

    def wait_listening(self, tracker):
        def answers():
            assert tracker.process.poll() is None, tracker.output()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                    return answer.status == 200
            except OSError:
                return False

        wait_for("the tracker listens", answers)
