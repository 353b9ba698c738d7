"""What runs in a Valkey pod beside Valkey itself: start, Sentinel's start, the keeper, the hand-over before a stop.

Standard library only: the image holds Python and Valkey. docs/adr/0010-valkey-bootstrap.md gives the rules.
"""
