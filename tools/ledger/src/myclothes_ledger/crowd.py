"""The shoppers of a run: who is there, who is busy, who comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_ledger.people import Person
from myclothes_ledger.requests import ALONE

if TYPE_CHECKING:
    from random import Random

    from myclothes_ledger.history import Call
    from myclothes_ledger.people import Browser
    from myclothes_ledger.requests import Wish

SHORTEST_VISIT, LONGEST_VISIT = 20, 70
"""Requests of a shopper, who then makes room for a new one; drawn by number, so that a restart draws the same."""
BESIDE = 0.06
"""How often a request comes from somebody who is waiting for another: a second tab, a quick finger."""
SECOND_BROWSER = 0.02


class Crowd:
    """About `size` shoppers at a time, more when all are waiting for answers: arrivals never wait."""

    def __init__(self, run: str, size: int, random: Random) -> None:
        self._run = run
        self._size = size
        self._random = random
        self._people: dict[int, Person] = {}
        self._idle: list[int] = []
        self._busy: dict[int, int] = {}
        self._alone: set[int] = set()
        self._count = 0

    def saw(self, call: Call) -> Person:
        """Take in an answer, also one of an earlier start of this run."""
        person = self._people.get(call.person)
        if person is None:
            person = self._add(call.person)
            self._idle.append(person.number)
        person.saw(call)
        return person

    def retire(self) -> None:
        """Let those go whose visit was over when the history ended."""
        for number in [number for number in self._idle if self._is_over(self._people[number])]:
            self._idle.remove(number)
            del self._people[number]

    def pick(self) -> tuple[Person, Browser, bool]:
        """Who makes the next request, in which browser, and whether another of theirs is under way."""
        if self._busy and self._random.random() < BESIDE:
            number = self._random.choice(tuple(self._busy))
            person = self._people[number]
            browser = self._random.choice(person.browsers) if person.browsers else None
            if number not in self._alone and self._busy[number] == 1 and browser and browser.cookies:
                return person, browser, True
        if self._idle and len(self._people) >= self._size:
            place = self._random.randrange(len(self._idle))
            self._idle[place], self._idle[-1] = self._idle[-1], self._idle[place]
            person = self._people[self._idle.pop()]
        else:
            person = self._add(self._count + 1)
        return person, self._browser(person), False

    def begins(self, person: Person, wish: Wish, browser: Browser) -> None:
        """`person` makes a request."""
        self._busy[person.number] = self._busy.get(person.number, 0) + 1
        if wish.kind in ALONE or not browser.cookies:
            self._alone.add(person.number)

    def ends(self, person: Person) -> bool:
        """A request of `person` has its answer, or none for good; whether they leave with it."""
        number = person.number
        self._busy[number] -= 1
        if self._busy[number]:
            return False
        del self._busy[number]
        self._alone.discard(number)
        leaves = self._is_over(person)
        if leaves:
            del self._people[number]
        else:
            self._idle.append(number)
        return leaves

    @property
    def busy(self) -> int:
        """How many wait for an answer."""
        return len(self._busy)

    def _browser(self, person: Person) -> Browser:
        if not person.browsers:
            return person.open_browser()
        if len(person.browsers) == 1 and person.has_account and self._random.random() < SECOND_BROWSER:
            return person.open_browser()
        return self._random.choice(person.browsers)

    def _add(self, number: int) -> Person:
        person = Person(number, f"{self._run}.{number}@ledger.example.com")
        self._people[number] = person
        self._count = max(self._count, number)
        return person

    def _is_over(self, person: Person) -> bool:
        span = LONGEST_VISIT - SHORTEST_VISIT
        return person.calls >= SHORTEST_VISIT + person.number * 7919 % span  # a prime: visits of neighbours differ
