"""Turns a shopper's words into a full-text query, forgiving a typo in each.

A word whose stem the catalogue knows is searched as it is. Any other is replaced by the nearest words that the
catalogue does know, found by trigrams (an index) and ranked by Levenshtein's distance, or that it is the beginning of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from myclothes_shop.domain.words import query_words

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

CONFIGURATION = "english"
# "shrit" and "shirt" share 2 of 10 trigrams
_SIMILARITY = 0.15
_MAX_NEAR = 3
_SHORT = 3

_KNOWN = sa.text("""
SELECT asked.word,
       stems.stem IS NULL OR EXISTS (SELECT FROM words WHERE words.stem = stems.stem) AS known
FROM unnest(CAST(:words AS text[])) WITH ORDINALITY AS asked(word, place)
CROSS JOIN LATERAL (SELECT (tsvector_to_array(to_tsvector('english', asked.word)))[1] AS stem) AS stems
ORDER BY asked.place
""")
_NEAR = sa.text("""
SELECT asked.word, near.word AS near, near.distance
FROM unnest(CAST(:words AS text[])) AS asked(word)
CROSS JOIN LATERAL (
    SELECT words.word, CASE WHEN starts_with(words.word, asked.word) THEN 0
                            ELSE levenshtein(words.word, asked.word) END AS distance
    FROM words
    WHERE words.stem IS NOT NULL
      AND (words.word COLLATE "C" % asked.word OR words.word LIKE asked.word || '%')
      AND (length(asked.word) >= :short AND starts_with(words.word, asked.word)
           OR levenshtein_less_equal(words.word, asked.word, 2)
              <= CASE WHEN length(asked.word) > :short THEN 2 ELSE 1 END)
    ORDER BY distance, similarity(words.word, asked.word) DESC, words.word
    LIMIT :most
) AS near
ORDER BY asked.word, near.distance
""")


async def text_query(connection: AsyncConnection, text: str) -> str | None:
    """The `to_tsquery` text for what a shopper typed; None when it has no words, so that nothing is asked for.

    A word that nothing is near to stays, and matches nothing.
    """
    asked = query_words(text)
    if not asked:
        return None
    rows = (await connection.execute(_KNOWN, {"words": asked})).all()
    near = await _nearest(connection, [row.word for row in rows if not row.known])
    # the words hold letters and digits only, so that none of them can be an operator
    return " & ".join("(" + " | ".join(near.get(word) or [word]) + ")" for word in asked)


async def _nearest(connection: AsyncConnection, unknown: list[str]) -> dict[str, list[str]]:
    if not unknown:
        return {}
    await connection.execute(
        sa.text("SELECT set_config('pg_trgm.similarity_threshold', :value, true)"), {"value": str(_SIMILARITY)}
    )
    found: dict[str, list[str]] = {}
    best: dict[str, int] = {}
    for row in await connection.execute(_NEAR, {"words": unknown, "short": _SHORT, "most": _MAX_NEAR}):
        if row.distance == best.setdefault(row.word, row.distance):
            found.setdefault(row.word, []).append(row.near)
    return found
