"""ZoneShift: takes a zone out of the shop before it takes the shop down."""
