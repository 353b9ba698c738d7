"""Real Valkey and Postgres for development and tests, in every topology the shop meets."""
