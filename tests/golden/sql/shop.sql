-- Every kind of row change, with and without keys, in transactions of one and of several statements.
CREATE DATABASE shop;
USE shop;
CREATE TABLE customers (id INT UNSIGNED PRIMARY KEY, name VARCHAR(40) NOT NULL, mail VARCHAR(80) CHARACTER SET latin1);
CREATE TABLE orders (
  customer INT UNSIGNED, number INT, state ENUM('new','paid','sent') NOT NULL DEFAULT 'new',
  flags SET('gift','express','fragile'), total DECIMAL(12,2), note TEXT, created DATETIME(3), PRIMARY KEY (number, customer));
CREATE TABLE visits (page VARCHAR(100), at TIMESTAMP(6) NULL);
INSERT INTO customers VALUES (1, 'Zoë', 'zoë@example.org'), (2, 'Łukasz 🛒', NULL), (4294967295, '', '');
INSERT INTO orders VALUES (1, 1, 'new', 'gift,fragile', 12.50, 'first', '2024-02-29 23:59:59.999'), (2, 2, 'paid', '', -0.01, NULL, NULL);
UPDATE orders SET state = 'sent', total = total + 1 WHERE number = 1;
UPDATE customers SET id = 3 WHERE id = 2;
START TRANSACTION;
INSERT INTO visits VALUES ('/', '2024-01-01 00:00:00.000001'), ('/cart', NULL);
UPDATE visits SET page = '/checkout' WHERE page = '/cart';
SAVEPOINT here;
DELETE FROM customers;
ROLLBACK TO here;
DELETE FROM visits WHERE page = '/';
COMMIT;
UPDATE customers, orders SET customers.name = CONCAT(customers.name, '!'), orders.note = 'both' WHERE customers.id = orders.customer;
START TRANSACTION;
INSERT INTO customers VALUES (77, 'never', NULL);
ROLLBACK;
REPLACE INTO customers VALUES (1, 'Zoe', NULL);
INSERT INTO customers VALUES (1, 'Zoe', NULL) ON DUPLICATE KEY UPDATE name = 'Zoe II';
DELETE FROM orders;
TRUNCATE TABLE visits;
