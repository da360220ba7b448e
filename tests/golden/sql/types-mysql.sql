-- What only MySQL has: JSON with opaque values.
USE types;
INSERT INTO documents VALUES (10, JSON_OBJECT('d', CAST('2024-02-29' AS DATE), 'dt', CAST('2024-02-29 01:02:03.000004' AS DATETIME(6)),
  't', CAST('-12:00:00.5' AS TIME(3)), 'n', CAST('123.4500' AS DECIMAL(10,4)), 'b', x'00ff'));
UPDATE documents SET j = JSON_SET(j, '$.a', 'changed') WHERE id = 3;
CREATE TABLE computed (id INT PRIMARY KEY, a INT, b INT AS (a + 1) STORED, c INT AS (a + 2) VIRTUAL, UNIQUE KEY (b));
INSERT INTO computed (id, a) VALUES (1, 41);
