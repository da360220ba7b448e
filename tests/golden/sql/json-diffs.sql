-- PARTIAL_UPDATE_ROWS: changes of documents as differences.
CREATE DATABASE docs;
USE docs;
CREATE TABLE t (id INT PRIMARY KEY, j JSON, k JSON);
INSERT INTO t VALUES (1, JSON_OBJECT('a', REPEAT('x', 100), 'b', JSON_ARRAY(1, 2, 3), 'c', JSON_OBJECT('d', 4)), '[1]');
UPDATE t SET j = JSON_SET(j, '$.b[1]', 22);
UPDATE t SET j = JSON_REMOVE(j, '$.b[0]'), k = JSON_REPLACE(k, '$[0]', 'one');
UPDATE t SET j = JSON_SET(j, '$.c.d', 'four', '$.e', TRUE) WHERE id = 1;
UPDATE t SET k = NULL;
