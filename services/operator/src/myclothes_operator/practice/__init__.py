"""Practice: each zone is shifted in turn while the ledger's shoppers watch, and what they found is kept."""
