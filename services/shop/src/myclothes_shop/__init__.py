"""Products, prices, stock, search and orders; in Postgres, with a cache in front of the catalogue."""
