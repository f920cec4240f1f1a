"""What is counted while requests are answered; prometheus_client adds the processes of a server up.

The numbers that stand in the database (jobs, letters, seals) are asked for when somebody looks: `queries/operations.py`.
"""

from prometheus_client import Counter, Gauge, Histogram

BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUESTS = Counter(
    "cong_tam_requests", "Requests answered, by the template of the address", ["method", "route", "status"]
)
SECONDS = Histogram(
    "cong_tam_request_seconds", "Seconds until the answer was ready", ["method", "route"], buckets=BUCKETS
)
SIGN_IN_FAILURES = Counter("cong_tam_sign_in_failures", "Sign-ins that were refused")
DENIED = Counter("cong_tam_denied", "Actions and readings that the permission function refused")
RATE_LIMITED = Counter("cong_tam_rate_limited", "Requests refused because there were too many of them")
CRASHES = Counter("cong_tam_unhandled_errors", "Requests that met a fault of the program")
POOL = Gauge(
    "cong_tam_database_connections",
    "Connections of the pools, by what they do",
    ["state"],
    multiprocess_mode="livesum",
)
