"""The HTTP surface: parse, ask a service, answer."""
