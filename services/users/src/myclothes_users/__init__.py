"""Accounts, passwords, addresses; in Postgres."""
