"""Runs the whole shop on one machine: make shop."""
