"""The tables of the database `shop`. Migrations are in `alembic/`; a test holds the two together."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

from myclothes_kit.postgres import operations_table

METADATA = sa.MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

# sorted and compared by bytes: the order in which stock is locked must not depend on a locale
_SKU = sa.Text(collation="C")
_TIME = sa.DateTime(timezone=True)
_NOW = sa.text("now()")

CATEGORIES = sa.Table(
    "categories",
    METADATA,
    sa.Column("slug", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
)

PRODUCTS = sa.Table(
    "products",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("handle", sa.Text, nullable=False, unique=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description_html", sa.Text, nullable=False),
    sa.Column("vendor", sa.Text, nullable=False),
    sa.Column("category", sa.Text, sa.ForeignKey("categories.slug"), nullable=False),
    # read and written whole, never searched: [{"src", "alt", "width", "height"}]
    sa.Column("pictures", JSONB, nullable=False),
    sa.Column("search", TSVECTOR, nullable=False),
    sa.Column("created_at", _TIME, nullable=False, server_default=_NOW),
    sa.Column("withdrawn_at", _TIME),
    # of the variants that are sold; null when there is none, and then the product is not shown
    sa.Column("price_from", sa.BigInteger),
    sa.Column("price_to", sa.BigInteger),
    sa.Column("currency", sa.Text),
    sa.Column("colours", ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'::text[]")),
    sa.Column("import_id", sa.BigInteger, nullable=False),
    sa.Index("products_search", "search", postgresql_using="gin"),
    sa.Index("products_category", "category", "id"),
    sa.Index("products_price", "price_from", "id"),
)

VARIANTS = sa.Table(
    "variants",
    METADATA,
    sa.Column("sku", _SKU, primary_key=True),
    sa.Column("product_id", sa.BigInteger, sa.ForeignKey("products.id"), nullable=False),
    # its line in the feed: variants are shown in the feed's order
    sa.Column("position", sa.BigInteger, nullable=False),
    # json, not jsonb: it keeps the options in the feed's order
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("size", sa.Text),
    sa.Column("colour", sa.Text),
    sa.Column("price", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("compare_at", sa.BigInteger),
    sa.Column("withdrawn_at", _TIME),
    sa.Column("import_id", sa.BigInteger, nullable=False),
    sa.CheckConstraint("price >= 0", name="price"),
    sa.Index("variants_product", "product_id", "position"),
)

STOCK = sa.Table(
    "stock",
    METADATA,
    sa.Column("sku", _SKU, sa.ForeignKey("variants.sku"), primary_key=True),
    sa.Column("available", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.CheckConstraint("available >= 0", name="available"),
)

STOCK_MOVEMENTS = sa.Table(
    "stock_movements",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("sku", _SKU, sa.ForeignKey("stock.sku"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("order_number", sa.Text, sa.ForeignKey("orders.number")),
    sa.Column("at", _TIME, nullable=False, server_default=_NOW),
    sa.CheckConstraint(
        "CASE kind WHEN 'received' THEN quantity > 0 AND order_number IS NULL"
        " WHEN 'corrected' THEN quantity <> 0 AND order_number IS NULL"
        " WHEN 'sold' THEN quantity < 0 AND order_number IS NOT NULL"
        " WHEN 'returned' THEN quantity > 0 AND order_number IS NOT NULL ELSE false END",
        name="kind",
    ),
    # an order sells a sku once and gives it back once
    sa.UniqueConstraint("order_number", "sku", "kind"),
    sa.Index("stock_movements_sku", "sku"),
)

ORDERS = sa.Table(
    "orders",
    METADATA,
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
    # whose it is now (null: erased), and which cart it was made of
    sa.Column("owner", sa.Text),
    sa.Column("cart_id", sa.Text, nullable=False),
    sa.Column("cart_version", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False, server_default=sa.text("'placed'")),
    sa.Column("created_at", _TIME, nullable=False, server_default=_NOW),
    sa.Column("email", sa.Text),
    sa.Column("address", JSONB),
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("payment_method", sa.Text, nullable=False),
    sa.Column("payment_status", sa.Text, nullable=False),
    sa.UniqueConstraint("cart_id", "cart_version"),
    sa.CheckConstraint("status IN ('placed', 'cancelled', 'shipped')", name="status"),
    sa.Index("orders_owner", "owner", "id"),
)

ORDER_LINES = sa.Table(
    "order_lines",
    METADATA,
    sa.Column("order_number", sa.Text, sa.ForeignKey("orders.number"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("sku", _SKU, nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("price", sa.BigInteger, nullable=False),
    sa.CheckConstraint("quantity > 0", name="quantity"),
)

OUTBOX = sa.Table(
    "outbox",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("order_number", sa.Text, sa.ForeignKey("orders.number"), nullable=False, unique=True),
    sa.Column("cart_id", sa.Text, nullable=False),
    sa.Column("created_at", _TIME, nullable=False, server_default=_NOW),
    sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
    # until then the row is somebody's, or not worth another try
    sa.Column("not_before", _TIME, nullable=False, server_default=_NOW),
    sa.Column("parked_at", _TIME),
    sa.Index("outbox_cart", "cart_id", "id"),
)

# the vocabulary of the catalogue, in which a misspelt word is looked up
WORDS = sa.Table(
    "words",
    METADATA,
    sa.Column("word", sa.Text(collation="C"), primary_key=True),
    # its stem; null for a word that a search ignores
    sa.Column("stem", sa.Text),
    sa.Index("words_stem", "stem"),
    sa.Index("words_near", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}),
)

IMPORTS = sa.Sequence("imports", metadata=METADATA)
OPERATIONS = operations_table(METADATA)
