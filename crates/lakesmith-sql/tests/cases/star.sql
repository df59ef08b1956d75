-- relation fact_sales: sales_key BIGINT NOT NULL, date_key INT NOT NULL, customer_key BIGINT NOT NULL, product_key BIGINT NOT NULL, order_id STRING, quantity INT, total_amount DECIMAL(18,2)
-- relation dim_customer: customer_key BIGINT NOT NULL, customer_id STRING, customer_segment STRING
-- relation dim_product: product_key BIGINT NOT NULL, product_id STRING, category STRING
-- relation dim_date: date_key INT NOT NULL, year INT NOT NULL, month INT NOT NULL, day_of_week INT NOT NULL
-- columns: m INT NOT NULL, revenue DECIMAL(28,2), units BIGINT, orders BIGINT NOT NULL
SELECT d.year * 100 + d.month AS m, sum(f.total_amount) AS revenue, sum(f.quantity) AS units, count(DISTINCT f.order_id) AS orders
FROM fact_sales f JOIN dim_date d ON f.date_key = d.date_key GROUP BY d.year * 100 + d.month ORDER BY m;
-- columns: customer_id STRING, revenue DECIMAL(28,2)
SELECT c.customer_id, sum(f.total_amount) AS revenue FROM fact_sales f JOIN dim_customer c ON f.customer_key = c.customer_key
WHERE f.customer_key <> -1 GROUP BY c.customer_id ORDER BY revenue DESC, c.customer_id LIMIT 10;
-- columns: customer_segment STRING, category STRING, revenue DECIMAL(28,2)
SELECT c.customer_segment, p.category, sum(f.total_amount) AS revenue FROM fact_sales f
JOIN dim_customer c ON f.customer_key = c.customer_key JOIN dim_product p ON f.product_key = p.product_key
GROUP BY c.customer_segment, p.category ORDER BY c.customer_segment, p.category;
-- columns: year INT NOT NULL, category STRING, revenue DECIMAL(28,2)
SELECT d.year, p.category, sum(f.total_amount) AS revenue FROM fact_sales f JOIN dim_date d ON f.date_key = d.date_key
JOIN dim_product p ON f.product_key = p.product_key GROUP BY d.year, p.category ORDER BY d.year, p.category;
-- columns: product_id STRING, units BIGINT, revenue DECIMAL(28,2)
SELECT p.product_id, sum(f.quantity) AS units, sum(f.total_amount) AS revenue FROM fact_sales f
JOIN dim_product p ON f.product_key = p.product_key WHERE f.product_key <> -1 GROUP BY p.product_id ORDER BY revenue DESC, p.product_id LIMIT 10;
-- columns: day_of_week INT NOT NULL, orders BIGINT NOT NULL, revenue DECIMAL(28,2)
SELECT d.day_of_week, count(DISTINCT f.order_id) AS orders, sum(f.total_amount) AS revenue FROM fact_sales f
JOIN dim_date d ON f.date_key = d.date_key GROUP BY d.day_of_week ORDER BY d.day_of_week;
-- columns: year INT NOT NULL, unknown_customer BIGINT, unknown_product BIGINT
SELECT d.year, sum(CASE WHEN f.customer_key = -1 THEN 1 ELSE 0 END) AS unknown_customer,
sum(CASE WHEN f.product_key = -1 THEN 1 ELSE 0 END) AS unknown_product
FROM fact_sales f JOIN dim_date d ON f.date_key = d.date_key GROUP BY d.year ORDER BY d.year;
-- columns: m INT NOT NULL, customer_segment STRING, revenue DECIMAL(28,2)
SELECT m, customer_segment, revenue FROM (SELECT m, customer_segment, revenue,
row_number() OVER (PARTITION BY m ORDER BY revenue DESC, customer_segment) AS rn FROM (
SELECT d.year * 100 + d.month AS m, c.customer_segment, sum(f.total_amount) AS revenue FROM fact_sales f
JOIN dim_date d ON f.date_key = d.date_key JOIN dim_customer c ON f.customer_key = c.customer_key
GROUP BY d.year * 100 + d.month, c.customer_segment) x) y WHERE rn = 1 ORDER BY m;
