"""What runs around Patroni in a Postgres pod: its start, the hand-over before a stop; and the job that makes roles."""
