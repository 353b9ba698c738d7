"""What a product, a price, a stock and an order are; nothing here does I/O."""
