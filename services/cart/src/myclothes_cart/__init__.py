"""Carts: lines of (sku, quantity), merge, take; durable in Valkey."""
