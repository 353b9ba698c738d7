"""What the shop does: browsing through a cache, importing feeds, orders, and telling the cart about them."""
