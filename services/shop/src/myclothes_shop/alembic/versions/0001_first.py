"""The catalogue, stock, orders and the outbox"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Stock is written through its movements alone, so that what was received, less what was sold, is what is left.
_BOOKS = (
    """
    CREATE FUNCTION stock_moves() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE stock SET available = available + NEW.quantity WHERE sku = NEW.sku;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION stock_is_guarded() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'stock changes by a row in stock_movements, and no row there is ever changed';
    END $$
    """,
    """
    CREATE TRIGGER moves AFTER INSERT ON stock_movements FOR EACH ROW EXECUTE FUNCTION stock_moves()
    """,
    """
    CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON stock_movements
        FOR EACH ROW EXECUTE FUNCTION stock_is_guarded()
    """,
    """
    CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON stock
        FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION stock_is_guarded()
    """,
    """
    CREATE TRIGGER guard_new BEFORE INSERT ON stock
        FOR EACH ROW WHEN (NEW.available <> 0) EXECUTE FUNCTION stock_is_guarded()
    """,
)


def upgrade() -> None:
    # both are trusted extensions: the owner of the database may create them
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE EXTENSION IF NOT EXISTS fuzzystrmatch")
    op.execute(sa.schema.CreateSequence(sa.Sequence("imports")))
    op.create_table(
        "categories",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("categories_pkey")),
    )
    op.create_table(
        "operations",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("repeats", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("operations_pkey")),
    )
    op.create_index("operations_created_at", "operations", ["created_at"], unique=False)
    op.create_index(
        "operations_subject", "operations", ["subject"], unique=False, postgresql_where=sa.text("subject IS NOT NULL")
    )
    op.create_table(
        "orders",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("cart_id", sa.Text(), nullable=False),
        sa.Column("cart_version", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'placed'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("address", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("payment_method", sa.Text(), nullable=False),
        sa.Column("payment_status", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('placed', 'cancelled', 'shipped')", name=op.f("orders_status_check")),
        sa.PrimaryKeyConstraint("number", name=op.f("orders_pkey")),
        sa.UniqueConstraint("cart_id", "cart_version", name=op.f("orders_cart_id_cart_version_key")),
    )
    op.create_index("orders_owner", "orders", ["owner", "id"], unique=False)
    op.create_table(
        "words",
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("stem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("word", name=op.f("words_pkey")),
    )
    op.create_index(
        "words_near", "words", ["word"], unique=False, postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}
    )
    op.create_index("words_stem", "words", ["stem"], unique=False)
    op.create_table(
        "order_lines",
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("order_lines_quantity_check")),
        sa.ForeignKeyConstraint(["order_number"], ["orders.number"], name=op.f("order_lines_order_number_fkey")),
        sa.PrimaryKeyConstraint("order_number", "position", name=op.f("order_lines_pkey")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("cart_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["order_number"], ["orders.number"], name=op.f("outbox_order_number_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("outbox_pkey")),
        sa.UniqueConstraint("order_number", name=op.f("outbox_order_number_key")),
    )
    op.create_index("outbox_cart", "outbox", ["cart_id", "id"], unique=False)
    op.create_table(
        "products",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description_html", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("pictures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("search", postgresql.TSVECTOR(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("price_from", sa.BigInteger(), nullable=True),
        sa.Column("price_to", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("colours", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["category"], ["categories.slug"], name=op.f("products_category_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("products_pkey")),
        sa.UniqueConstraint("handle", name=op.f("products_handle_key")),
    )
    op.create_index("products_category", "products", ["category", "id"], unique=False)
    op.create_index("products_price", "products", ["price_from", "id"], unique=False)
    op.create_index("products_search", "products", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "variants",
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("size", sa.Text(), nullable=True),
        sa.Column("colour", sa.Text(), nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("compare_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("price >= 0", name=op.f("variants_price_check")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("variants_product_id_fkey")),
        sa.PrimaryKeyConstraint("sku", name=op.f("variants_pkey")),
    )
    op.create_index("variants_product", "variants", ["product_id", "position"], unique=False)
    op.create_table(
        "stock",
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("available", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("available >= 0", name=op.f("stock_available_check")),
        sa.ForeignKeyConstraint(["sku"], ["variants.sku"], name=op.f("stock_sku_fkey")),
        sa.PrimaryKeyConstraint("sku", name=op.f("stock_pkey")),
    )
    op.create_table(
        "stock_movements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "CASE kind WHEN 'received' THEN quantity > 0 AND order_number IS NULL"
            " WHEN 'corrected' THEN quantity <> 0 AND order_number IS NULL"
            " WHEN 'sold' THEN quantity < 0 AND order_number IS NOT NULL"
            " WHEN 'returned' THEN quantity > 0 AND order_number IS NOT NULL ELSE false END",
            name=op.f("stock_movements_kind_check"),
        ),
        sa.ForeignKeyConstraint(["order_number"], ["orders.number"], name=op.f("stock_movements_order_number_fkey")),
        sa.ForeignKeyConstraint(["sku"], ["stock.sku"], name=op.f("stock_movements_sku_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("stock_movements_pkey")),
        sa.UniqueConstraint("order_number", "sku", "kind", name=op.f("stock_movements_order_number_sku_kind_key")),
    )
    op.create_index("stock_movements_sku", "stock_movements", ["sku"], unique=False)
    for statement in _BOOKS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("Orders are not to be dropped; restore a backup instead.")
