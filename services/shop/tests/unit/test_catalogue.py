"""Sizes in people's order; the cache's breaker; one query for many who ask the same."""

from __future__ import annotations

import asyncio
import random

import pytest

from myclothes_kit.postgres import Answer, Position
from myclothes_shop.domain.catalogue import Facets, FacetSearch, size_order
from myclothes_shop.service.catalogue import Catalogue
from myclothes_shop.store.cache import FAILURES_TO_OPEN, OPEN_SECONDS, Breaker, Kept


def test_sizes_are_sorted_as_people_do():
    wanted = ["XS", "S", "Medium", "L", "2XL", "XXXL", "36", "36.5", "38", "100", "One Size"]
    mixed = random.Random(1).sample(wanted, len(wanted))
    assert sorted(mixed, key=size_order) == wanted


def test_the_breaker_opens_after_failures_in_a_row_and_tries_now_and_then():
    now = 100.0
    breaker = Breaker(lambda: now)
    for _ in range(FAILURES_TO_OPEN - 1):
        breaker.failed()
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    now += OPEN_SECONDS
    assert breaker.allows()
    assert not breaker.allows(), "one try only"
    breaker.succeeded()
    assert breaker.allows()


class Counting:
    """A database whose reads wait for `open`."""

    def __init__(self):
        self.reads = 0
        self.open = asyncio.Event()
        self.error = None

    async def read(self, _work, _at_least=None):
        self.reads += 1
        await self.open.wait()
        if self.error:
            raise self.error
        return Answer(Facets([], [], [], None, None), Position(1, 1))


class Remembering(dict):
    fresh = True

    async def get(self, key):
        value = super().get(key)
        return None if value is None else Kept(value, self.fresh)

    async def put(self, key, value):
        self[key] = value


async def test_many_who_ask_the_same_at_once_cost_one_query():
    database, cache = Counting(), Remembering()
    catalogue = Catalogue(database, cache)
    asked = [asyncio.create_task(catalogue.facets(FacetSearch("navy"))) for _ in range(20)]
    other = asyncio.create_task(catalogue.facets(FacetSearch("red")))
    await asyncio.sleep(0)
    asked[0].cancel()
    await asyncio.sleep(0)
    database.open.set()
    answers = await asyncio.gather(*asked[1:], other)
    assert database.reads == 2
    assert len({answer.etag for answer in answers}) == 1
    await catalogue.facets(FacetSearch("navy"))
    assert database.reads == 2, "the cache has it"


async def test_a_failure_is_for_those_who_waited_and_is_not_kept():
    database, cache = Counting(), Remembering()
    catalogue = Catalogue(database, cache)
    database.open.set()
    database.error = ValueError("away")
    for _ in range(2):
        with pytest.raises(ValueError, match="away"):
            await catalogue.facets(FacetSearch("navy"))
    assert database.reads == 2
    assert cache == {}


async def test_an_answer_that_is_due_is_shown_while_one_query_renews_it():
    database, cache = Counting(), Remembering()
    catalogue = Catalogue(database, cache)
    database.open.set()
    first = await catalogue.facets(FacetSearch("navy"))
    database.open.clear()
    cache.fresh = False
    shown = await asyncio.gather(*(catalogue.facets(FacetSearch("navy")) for _ in range(20)))
    assert {answer.etag for answer in shown} == {first.etag}
    assert database.reads == 2, "one query, and nobody waits for it"
    await catalogue.close()
