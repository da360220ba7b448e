-- What only MariaDB has: compressed columns, invisible columns.
USE types;
CREATE TABLE compressed (id INT PRIMARY KEY, v VARCHAR(500) COMPRESSED, b BLOB COMPRESSED, h INT INVISIBLE DEFAULT 7);
INSERT INTO compressed (id, v, b) VALUES (1, REPEAT('compress me ', 30), REPEAT(x'00', 400)), (2, 'short', x'01'), (3, NULL, NULL);
