"""Eight questions to the star schema of the retail example.

    queries.py BINARY PROJECT       prints {"q1_monthly_revenue": [[…], …], …}: each answer's rows, columns in order, amounts as text
"""
import json
import subprocess
import sys

QUERIES = {
    "q1_monthly_revenue": """
        SELECT d.year * 100 + d.month AS m, sum(f.total_amount) AS revenue, sum(f.quantity) AS units, count(DISTINCT f.order_id) AS orders
        FROM gold.fact_sales f JOIN gold.dim_date d ON f.date_key = d.date_key
        GROUP BY d.year * 100 + d.month ORDER BY m""",
    "q2_top10_customers": """
        SELECT c.customer_id, sum(f.total_amount) AS revenue
        FROM gold.fact_sales f JOIN gold.dim_customer c ON f.customer_key = c.customer_key
        WHERE f.customer_key <> -1
        GROUP BY c.customer_id ORDER BY revenue DESC, c.customer_id LIMIT 10""",
    "q3_segment_category": """
        SELECT c.customer_segment, p.category, sum(f.total_amount) AS revenue
        FROM gold.fact_sales f
        JOIN gold.dim_customer c ON f.customer_key = c.customer_key
        JOIN gold.dim_product p ON f.product_key = p.product_key
        GROUP BY c.customer_segment, p.category ORDER BY c.customer_segment, p.category""",
    "q4_year_over_year": """
        SELECT d.year, p.category, sum(f.total_amount) AS revenue
        FROM gold.fact_sales f
        JOIN gold.dim_date d ON f.date_key = d.date_key
        JOIN gold.dim_product p ON f.product_key = p.product_key
        GROUP BY d.year, p.category ORDER BY d.year, p.category""",
    "q5_top10_products": """
        SELECT p.product_id, sum(f.quantity) AS units, sum(f.total_amount) AS revenue
        FROM gold.fact_sales f JOIN gold.dim_product p ON f.product_key = p.product_key
        WHERE f.product_key <> -1
        GROUP BY p.product_id ORDER BY revenue DESC, p.product_id LIMIT 10""",
    "q6_weekday_basket": """
        SELECT d.day_of_week, count(DISTINCT f.order_id) AS orders, sum(f.total_amount) AS revenue
        FROM gold.fact_sales f JOIN gold.dim_date d ON f.date_key = d.date_key
        GROUP BY d.day_of_week ORDER BY d.day_of_week""",
    "q7_unknown_share": """
        SELECT d.year,
          sum(CASE WHEN f.customer_key = -1 THEN 1 ELSE 0 END) AS unknown_customer,
          sum(CASE WHEN f.product_key = -1 THEN 1 ELSE 0 END) AS unknown_product
        FROM gold.fact_sales f JOIN gold.dim_date d ON f.date_key = d.date_key
        GROUP BY d.year ORDER BY d.year""",
    "q8_month_segment_rank1": """
        SELECT m, customer_segment, revenue
        FROM (
          SELECT m, customer_segment, revenue, row_number() OVER (PARTITION BY m ORDER BY revenue DESC, customer_segment) AS rn
          FROM (
            SELECT d.year * 100 + d.month AS m, c.customer_segment, sum(f.total_amount) AS revenue
            FROM gold.fact_sales f
            JOIN gold.dim_date d ON f.date_key = d.date_key
            JOIN gold.dim_customer c ON f.customer_key = c.customer_key
            GROUP BY d.year * 100 + d.month, c.customer_segment
          ) x
        ) y
        WHERE rn = 1 ORDER BY m""",
}


def ask(binary, project, sql):
    command = [binary, "--project-dir", project, "--quiet", "query", sql, "--format", "json"]
    done = subprocess.run(command, stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(done.returncode)
    return [list(row.values()) for row in json.loads(done.stdout)]


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(json.dumps({name: ask(sys.argv[1], sys.argv[2], sql) for name, sql in QUERIES.items()}, ensure_ascii=False))
