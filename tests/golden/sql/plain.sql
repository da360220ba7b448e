-- What can be read without knowing the columns: for binlogs without metadata.
CREATE DATABASE plain;
USE plain;
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), x TEXT, d DATETIME, n DECIMAL(5,2), e ENUM('a','b'), s SET('x','y','z'), j BIGINT);
INSERT INTO t VALUES (1, 'ü', 'text', '2024-02-29 12:00:00', -1.25, 'b', 'x,z', -5), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
UPDATE t SET v = 'changed' WHERE id = 2;
DELETE FROM t;
