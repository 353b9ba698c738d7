"""What an operator watches of the database's use."""

from prometheus_client import Counter

READS = Counter("postgres_reads_total", "Reads by the kind of node that answered.", ["node"])
READS_PASSED_ON = Counter("postgres_reads_passed_on_total", "Tries of a read on a node that could not answer.", ["why"])
WRITES = Counter("postgres_writes_total", "Write transactions by outcome.", ["outcome"])
