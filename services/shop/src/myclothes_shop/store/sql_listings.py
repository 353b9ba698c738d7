"""The statements that write a batch of a feed: each takes all of its rows as one JSON text, so that a batch costs a
dozen round trips whatever its size.
"""

from __future__ import annotations

from string import Template

import sqlalchemy as sa

# a product's second part in one import adds to what the first one brought
_MORE_PICTURES = """
    products.pictures || coalesce((
        SELECT jsonb_agg(one ORDER BY place) FROM jsonb_array_elements({new}) WITH ORDINALITY AS more(one, place)
        WHERE NOT products.pictures @> jsonb_build_array(one)), '[]')
"""
_SEARCH = """
    setweight(to_tsvector('english', words_a), 'A') || setweight(to_tsvector('english', words_b), 'B')
    || setweight(to_tsvector('english', words_d), 'D')
"""
_VARIANT_ROWS = """
json_to_recordset(CAST(:rows AS json)) AS new(
    sku text, product_id bigint, position bigint, options json, size text, colour text, price bigint, currency text,
    compare_at bigint)
"""
_PARTS = {
    "search": _SEARCH,
    "variants": _VARIANT_ROWS,
    "more_of_new": _MORE_PICTURES.format(new="new.pictures"),
    "more_of_excluded": _MORE_PICTURES.format(new="excluded.pictures"),
}


def _text(statement: str) -> sa.TextClause:
    """A statement whose `$names` are the fragments above, which hold nothing but constants."""
    return sa.text(Template(statement).substitute(_PARTS))


_IMPORT_LOCK = 0x73_68_6F_70  # one import at a time in a database

LOCK = sa.text(f"SELECT pg_advisory_xact_lock({_IMPORT_LOCK})")

CATEGORIES = sa.text("""
INSERT INTO categories (slug, title)
SELECT * FROM unnest(CAST(:slugs AS text[]), CAST(:titles AS text[]))
ON CONFLICT (slug) DO NOTHING
""")

WORDS = sa.text("""
INSERT INTO words (word, stem)
SELECT word, (tsvector_to_array(to_tsvector('english', word)))[1] FROM unnest(CAST(:words AS text[])) AS new(word)
ON CONFLICT (word) DO NOTHING
""")


PRODUCTS = _text("""
INSERT INTO products (handle, title, description_html, vendor, category, pictures, search, withdrawn_at, import_id)
SELECT handle, title, description_html, vendor, category, pictures, $search,
       CASE WHEN NOT published THEN now() END, :import
FROM json_to_recordset(CAST(:rows AS json)) AS new(
    handle text, title text, description_html text, vendor text, category text, pictures jsonb, published bool,
    words_a text, words_b text, words_d text)
ON CONFLICT (handle) DO UPDATE SET
    title = excluded.title, description_html = excluded.description_html, vendor = excluded.vendor,
    category = excluded.category, import_id = excluded.import_id,
    withdrawn_at = CASE WHEN excluded.withdrawn_at IS NULL THEN NULL
                        ELSE coalesce(products.withdrawn_at, excluded.withdrawn_at) END,
    pictures = CASE WHEN products.import_id = excluded.import_id
                    THEN $more_of_excluded ELSE excluded.pictures END,
    search = CASE WHEN products.import_id = excluded.import_id
                  THEN products.search || excluded.search ELSE excluded.search END
RETURNING handle, id, xmax = 0 AS new
""")

PARTS = _text("""
UPDATE products
SET import_id = :import, search = products.search || $search, pictures = $more_of_new
FROM json_to_recordset(CAST(:rows AS json)) AS new(
    handle text, pictures jsonb, words_a text, words_b text, words_d text)
WHERE products.handle = new.handle
RETURNING products.handle, products.id
""")

OWNERS = sa.text("""
SELECT sku, product_id, handle FROM variants JOIN products ON products.id = product_id
WHERE sku = ANY (CAST(:skus AS text[]))
""")


VARIANTS = _text("""
INSERT INTO variants (sku, product_id, position, options, size, colour, price, currency, compare_at, import_id)
SELECT sku, product_id, position, options, size, colour, price, currency, compare_at, :import FROM $variants
ON CONFLICT (sku) DO UPDATE SET
    position = excluded.position, options = excluded.options, size = excluded.size, colour = excluded.colour,
    price = excluded.price, currency = excluded.currency, compare_at = excluded.compare_at,
    import_id = excluded.import_id, withdrawn_at = NULL
RETURNING sku, xmax = 0 AS new
""")

# a variant whose feed gives it another sku now is the same garment no more
SUPERSEDED = _text("""
UPDATE variants SET withdrawn_at = now()
FROM $variants
WHERE variants.product_id = new.product_id AND variants.options::text = new.options::text
  AND variants.sku <> new.sku AND variants.import_id < :import AND variants.withdrawn_at IS NULL
""")

NEW_STOCK = sa.text("INSERT INTO stock (sku) SELECT unnest(CAST(:skus AS text[]))")

MOVE = sa.text("""
INSERT INTO stock_movements (sku, kind, quantity)
SELECT sku, :kind, quantity FROM json_to_recordset(CAST(:rows AS json)) AS new(sku text, quantity int)
""")

# locked in the order of skus, as a checkout does
SET_STOCK = sa.text("""
WITH locked AS MATERIALIZED (
    SELECT stock.sku, new.quantity - stock.available AS difference
    FROM stock JOIN json_to_recordset(CAST(:rows AS json)) AS new(sku text, quantity int) ON new.sku = stock.sku
    ORDER BY stock.sku FOR UPDATE OF stock
)
INSERT INTO stock_movements (sku, kind, quantity)
SELECT sku, 'corrected', difference FROM locked WHERE difference <> 0
""")

REFRESH = sa.text("""
UPDATE products
SET price_from = sold.price_from, price_to = sold.price_to, currency = sold.currency, colours = sold.colours
FROM (
    SELECT ids.id, min(price) AS price_from, max(price) AS price_to,
           (array_agg(currency ORDER BY position) FILTER (WHERE currency IS NOT NULL))[1] AS currency,
           coalesce((SELECT array_agg(colour ORDER BY first) FROM (
               SELECT colour, min(position) AS first FROM variants AS coloured
               WHERE coloured.product_id = ids.id AND colour IS NOT NULL AND withdrawn_at IS NULL
               GROUP BY colour) AS found), '{}') AS colours
    FROM unnest(CAST(:ids AS bigint[])) AS ids(id)
    LEFT JOIN variants ON variants.product_id = ids.id AND variants.withdrawn_at IS NULL
    GROUP BY ids.id
) AS sold
WHERE products.id = sold.id
""")

WITHDRAW_OTHERS = sa.text("""
UPDATE variants SET withdrawn_at = now() WHERE import_id < :import AND withdrawn_at IS NULL RETURNING product_id
""")
