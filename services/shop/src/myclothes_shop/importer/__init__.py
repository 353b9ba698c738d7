"""Reads feeds of products: pure parsing, a file in, listings and bad rows out, one product at a time in memory."""
