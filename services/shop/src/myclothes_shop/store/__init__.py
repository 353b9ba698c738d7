"""What is kept where: the tables and their queries, and the cache. Functions take the transaction they run in."""
