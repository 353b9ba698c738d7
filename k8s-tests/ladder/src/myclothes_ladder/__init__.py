"""The ladder: where shops have kept their carts, rung by rung, and what each rung loses on the same day."""
