"""What an operator watches of the users service."""

from prometheus_client import Counter, Gauge, Histogram

LOGINS = Counter("users_logins_total", "Logins by outcome.", ["outcome"])
HASHES_WAITING = Gauge("users_hashes_waiting", "Requests that wait for, or run, a password hash.")
HASHES_REFUSED = Counter("users_hashes_refused_total", "Requests refused because too many waited for a hash.")
HASH_SECONDS = Histogram(
    "users_hash_seconds",
    "Time of a request's password hashing, waiting included.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
ERASURES_PENDING = Gauge("users_erasures_pending", "Deleted accounts that another service has yet to confirm.")
