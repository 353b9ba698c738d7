"""The storefront's pages, the public JSON API, sessions and the edge's defences."""
