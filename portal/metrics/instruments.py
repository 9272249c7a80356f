"""What is counted where it happens. docs/metrics.md lists every name; a test compares the two.

With PROMETHEUS_MULTIPROC_DIR set, each process writes its numbers into files of that folder, from which
`portal.metrics.exposition` sums them; without it they stay in the process. An increment costs one or two microseconds.
"""

from prometheus_client import Counter, Gauge, Histogram

REQUEST_SECONDS = Histogram(
    "concordat_request_seconds",
    "Time from the first middleware to the answer, by the name of the address and the status.",
    ["address", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0),
)
CONTAINMENT_SECONDS = Histogram(
    "concordat_containment_seconds",
    "Time from the request to contain to its answer; from then on nothing is active: the lag of a containment.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0),
)
TOKENS_ISSUED = Counter("concordat_tokens_issued", "Access tokens issued.", ["grant_type"])
INTROSPECTIONS = Counter("concordat_introspections", "Answers to introspection.", ["active"])
REFUSALS = Counter("concordat_refusals", "Refusals, each by the rules that objected.", ["rule"])
ADMISSIONS_REFUSED = Counter(
    "concordat_admissions_refused", "Requests sent away because a process had enough to do.", ["kind"]
)
TASKS = Counter(
    "concordat_tasks", "Tasks that ended: ok, failed, or expired before they began.", ["task", "outcome"]
)
TASK_SECONDS = Histogram(
    "concordat_task_seconds",
    "How long tasks ran.",
    ["task"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0),
)
TASKS_LATE = Counter(
    "concordat_tasks_late", "Periodic tasks that began when half of their period was over.", ["task"]
)
TASK_SUCCEEDED_AT = Gauge(
    "concordat_task_last_success_timestamp_seconds",
    "When a task last ended well, in seconds since 1970.",
    ["task"],
    multiprocess_mode="max",
)
POOL_CONNECTIONS = Gauge(
    "concordat_pool_connections", "Database connections of all web processes.", multiprocess_mode="livesum"
)
POOL_IDLE = Gauge(
    "concordat_pool_idle", "Database connections that wait for work.", multiprocess_mode="livesum"
)
POOL_WAITING = Gauge(
    "concordat_pool_waiting", "Requests that wait for a database connection.", multiprocess_mode="livesum"
)
