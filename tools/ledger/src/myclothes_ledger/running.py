"""A run: shoppers arrive at an even rate, whatever becomes of the requests before."""

from __future__ import annotations

import asyncio
import secrets
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - dataclasses keep it
from random import Random
from typing import TYPE_CHECKING

import msgspec

from myclothes_ledger import catalogue
from myclothes_ledger.client import Client
from myclothes_ledger.crowd import Crowd
from myclothes_ledger.habits import Habits, Mode
from myclothes_ledger.history import NAME, Begun, Call, Ended, History, Sent, Stock, read
from myclothes_ledger.reports import is_failed
from myclothes_ledger.requests import Wish, outcome, request, shown
from myclothes_ledger.terminal import Terminal
from myclothes_ledger.watch import Watch

if TYPE_CHECKING:
    from myclothes_ledger.client import Answer
    from myclothes_ledger.people import Browser, Person

DRAIN_SECONDS = 5.0
"""How long open requests may take when the run ends."""
ATTEMPTS = 4
"""How often a stubborn shopper sends a write under one operation id; the others leave an unknown outcome unknown."""
FIRST_PAUSE_SECONDS = 0.3
LONGEST_PAUSE_SECONDS = 2.0
STUBBORN_OF_TEN = 7
TWICE = 0.02
"""How often an add or a checkout is sent twice at once under one id, as by a double click."""


@dataclass(frozen=True)
class Options:
    """What the command line says of a run. `seconds` None: until a signal.

    `allowed`: how many requests may fail; with one more the run ends at once. None: any number.
    """

    urls: tuple[str, ...]
    folder: Path
    rate: float = 50.0
    seconds: float | None = None
    shoppers: int | None = None
    seed: int = 1
    mode: Mode = "all"
    sku: str = ""
    allowed: float | None = None


async def run(options: Options) -> bool:
    """Shop until the time is over, a signal comes or too much has failed; whether no more failed than was allowed.

    Raises CatalogueError or HistoryError before the first shopper.
    """
    random = Random()  # noqa: S311 - habits, no secrets
    with ExitStack() as stack:
        history = stack.enter_context(History(options.folder))
        history.repair()
        run_id, stock, crowd = _resume(options, random)
        async with Client(options.urls) as client:
            history.write(_begun(options, run_id))
            if stock is None:
                try:
                    stock = await (catalogue.only(client, options.sku) if options.sku else catalogue.explore(client))
                except catalogue.CatalogueError:
                    history.write(Ended(time.monotonic(), time.time(), 0.0))
                    raise
                history.write(stock)
            habits = Habits(stock, random, options.mode)
            return await _Run(options, history, client, crowd, habits, random).shop()


def _begun(options: Options, run_id: str) -> Begun:
    return Begun(time.monotonic(), time.time(), run_id, options.urls, options.rate, options.seed, options.mode)


def _resume(options: Options, random: Random) -> tuple[str, Stock | None, Crowd]:
    """The run that the folder's history tells of, or a new one.

    Seeds `random` by the run's seed and the number of earlier starts: shoppers who go on do not write again what they
    wrote before, or nobody could tell an old text from a new one.
    """
    run_id, stock, starts = "", None, 0
    size = options.shoppers or max(10, round(options.rate * 2))
    crowd = Crowd(run_id, size, random)
    if (options.folder / NAME).stat().st_size:
        for record in read(options.folder):
            match record:
                case Begun():
                    starts += 1
                    if not run_id:
                        run_id = record.run
                        crowd = Crowd(run_id, size, random)
                case Stock():
                    stock = record
                case Call():
                    crowd.saw(record)
        crowd.retire()
    random.seed(f"{options.seed} {starts}")
    if not run_id:
        run_id = secrets.token_hex(4)
        crowd = Crowd(run_id, size, random)
    return run_id, stock, crowd


class _Run:
    def __init__(
        self, options: Options, history: History, client: Client, crowd: Crowd, habits: Habits, random: Random
    ) -> None:
        self._options = options
        self._history = history
        self._client = client
        self._crowd = crowd
        self._habits = habits
        self._random = random
        self._start = secrets.token_hex(4)
        self._operations = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._terminal = Terminal(options.rate)
        self._watch = Watch()
        self._lag = 0.0
        self._failed = 0

    async def shop(self) -> bool:
        """Arrivals until the end, then the open requests, unless the shop is to be left alone at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        if self._options.seconds is not None:
            loop.call_later(self._options.seconds, self._stop.set)
        await self._arrivals()
        if self._tasks:
            _, open_tasks = await asyncio.wait(self._tasks, timeout=0 if self._overspent else DRAIN_SECONDS)
            for task in open_tasks:
                task.cancel()
            await asyncio.gather(*open_tasks, return_exceptions=True)
        self._history.write(Ended(time.monotonic(), time.time(), self._lag))
        self._terminal.end()
        return not self._overspent

    @property
    def _overspent(self) -> bool:
        return self._options.allowed is not None and self._failed > self._options.allowed

    async def _arrivals(self) -> None:
        pause = 1 / self._options.rate
        due = time.monotonic()
        while not self._stop.is_set():
            due += pause
            wait = due - time.monotonic()
            if wait > 0:
                await _sleep(self._stop, wait)
                if self._stop.is_set():
                    return
            late = max(0.0, time.monotonic() - due)
            self._lag = max(self._lag, late)
            self._arrive(late)
            self._terminal.tick(self._crowd.busy, late)
            if wait <= 0:
                await asyncio.sleep(0)  # held up: let answers in between the arrivals that are made good

    def _arrive(self, late: float) -> None:
        person, browser, beside = self._crowd.pick()
        wish = self._habits.next(person, browser, beside=beside) if browser.cookies else self._habits.arrive()
        self._crowd.begins(person, wish, browser)
        task = asyncio.create_task(self._make(person, browser, wish, late))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _make(self, person: Person, browser: Browser, wish: Wish, late: float) -> None:
        """One wish, repeated under one operation id while its outcome is unknown and the shopper stubborn."""
        self._operations += 1
        op = f"{self._start}.{self._operations}"
        try:
            twice = wish.kind in {"add", "checkout"} and self._random.random() < TWICE
            if twice:
                await asyncio.gather(*(self._attempt(op, n, person, browser, wish, late) for n in (1, 2)))
                return
            attempts = ATTEMPTS if wish.writes and person.number % 10 < STUBBORN_OF_TEN else 1
            pause = FIRST_PAUSE_SECONDS
            for attempt in range(1, attempts + 1):
                call, wait = await self._attempt(op, attempt, person, browser, wish, late)
                if call.outcome != "unknown" or self._stop.is_set() or attempt == attempts:
                    return
                await _sleep(self._stop, min(max(pause, wait), LONGEST_PAUSE_SECONDS))
                pause *= 2
                late = 0.0
        finally:
            if self._crowd.ends(person):
                self._watch.forget(person.number)

    async def _attempt(
        self, op: str, attempt: int, person: Person, browser: Browser, wish: Wish, late: float
    ) -> tuple[Call, float]:
        cart = browser.cart
        method, path, body = request(wish, person.email)
        if wish.writes:
            self._history.write(
                Sent(
                    op,
                    attempt,
                    time.monotonic(),
                    time.time(),
                    person.number,
                    browser.name,
                    cart,
                    wish.kind,
                    wish.subject,
                    wish.quantity,
                    wish.text,
                )
            )
        self._watch.sent(op, attempt, browser.name, cart, wish)
        url = self._client.next_url()
        answer = await self._client.send(
            url, method, path, cookies=browser.cookies, key=op if wish.writes else None, body=body
        )
        call = _call(op, attempt, person, browser, cart, wish, answer, url, late)
        self._history.write(call)
        self._crowd.saw(call)
        self._terminal.saw(call)
        self._failed += is_failed(call)
        if self._overspent:
            self._stop.set()
        wrong = self._watch.answered(call)
        if wrong is not None:
            self._terminal.violated(wrong)
        return call, answer.retry_after


def _call(
    op: str,
    attempt: int,
    person: Person,
    browser: Browser,
    cart: str,
    wish: Wish,
    answer: Answer,
    url: int,
    late: float,
) -> Call:
    result, reason, saw = outcome(answer.status), answer.reason, None
    try:
        saw = shown(wish.kind, answer.status, answer.body)
    except msgspec.DecodeError:
        # half an answer, or somebody else's: it proves nothing
        result, reason = "unknown", "unreadable answer"
    return Call(
        op,
        attempt,
        answer.sent,
        time.monotonic(),  # as the cookies are taken: what is sent from now on carries them
        time.time(),
        person.number,
        browser.name,
        cart,
        wish.kind,
        answer.status,
        result,
        reason,
        saw,
        answer.cookies,
        url,
        round(late, 4),
    )


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    """Wait, at most until the run is to end."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
