"""On short histories of one cart, a search through every possible order of operations says the same as the checker."""

from dataclasses import dataclass, replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from myclothes_ledger.checking import FinalCart, FinalState, decide
from myclothes_ledger.checking.stories import tell
from myclothes_ledger.history import Begun, Call, Saw, Sent, Stock

SKUS = ("RED", "BLUE")
MOST = 5
INFINITE = float("inf")


@dataclass(frozen=True)
class Op:
    """A write; `answered` is infinite and `version` and `lines` are nothing when no answer came."""

    sent: float
    answered: float
    kind: str
    sku: str
    quantity: int
    version: int = 0
    lines: tuple = ()

    def on(self, lines):
        lines = dict(lines)
        lines[self.sku] = lines.get(self.sku, 0) + self.quantity if self.kind == "add" else self.quantity
        return tuple(sorted((sku, quantity) for sku, quantity in lines.items() if quantity))


def possible(ops, version, lines):
    """Whether some order of all answered and some other operations, in keeping with time and with the versions that
    the answers showed, ends with these lines at this version.

    An answer shows the cart as it was at some moment between the change and its arrival: the gateway repeats what it
    was not answered, and a repeat shows the cart of now.
    """
    answered = frozenset(op for op in ops if op.answered < INFINITE)
    seen = set()

    def search(to_do, to_see, at, now, changed):
        """From here on: `at` is the version seen last, `changed` whether the lines are others since."""
        if (to_do, to_see, at, now, changed) in seen:
            return False
        seen.add((to_do, to_see, at, now, changed))
        open_ = (to_do & answered) | to_see
        if not open_ and now == lines and version >= at + changed:
            return True
        for op in open_ | to_do:
            if any(other.answered < op.sent for other in open_):
                continue
            if op in to_do:
                new = op.on(now)
                if search(to_do - {op}, to_see, at, new, changed or new != now):
                    return True
                continue
            fits = op.lines == now and op.version >= at + changed
            if fits and search(to_do, to_see - {op}, op.version, now, False):
                return True
        return False

    return search(frozenset(ops), answered, 0, (), False)


def short(random):
    """A short history that could be, with one answer or the end changed in every second one."""
    count = random.randint(1, MOST)
    times = sorted(random.sample(range(100), count))
    ops = [
        Op(
            sent + index / 100,
            sent + index / 100 + random.choice((0.5, 5, 40)) if random.random() < 0.65 else INFINITE,
            *random.choice((("add", 1), ("add", 2), ("set", 1), ("set", 2), ("remove", 0)))[:1],
            random.choice(SKUS),
            0,
        )
        for index, sent in enumerate(times)
    ]
    ops = [
        replace(op, quantity={"add": random.randint(1, 2), "set": random.randint(0, 2), "remove": 0}[op.kind])
        for op in ops
    ]
    moments = {
        op: random.uniform(op.sent, op.answered if op.answered < INFINITE else op.sent + 60)
        for op in ops
        if op.answered < INFINITE or random.random() < 0.5
    }
    now, version, told = (), 0, {}
    for op in sorted(moments, key=moments.get):
        new = op.on(now)
        version += 1000 * (new != now)
        now = new
        if op.answered < INFINITE:
            told[op] = replace(op, version=version, lines=now)
    ops = [told.get(op, op) for op in ops]
    if random.random() < 0.5:
        index = random.randrange(len(ops) + 1)
        lines = tuple(sorted((sku, random.randint(1, 3)) for sku in SKUS if random.random() < 0.5))
        shift = random.choice((0, 0, -1000, 1000, 500))
        if index == len(ops):
            now, version = lines, max(0, version + shift)
        elif ops[index].answered < INFINITE:
            ops[index] = replace(ops[index], lines=lines, version=max(0, ops[index].version + shift))
    return ops, version, now


def checked(ops, version, lines):
    """What the checker says of it."""
    records = []
    for number, op in enumerate(ops):
        head = (f"op{number}", 1)
        who = (1, "p1.b1", "p1.g1", op.kind)
        records.append((op.sent, Sent(*head, op.sent, 0.0, *who, op.sku, op.quantity)))
        if op.answered < INFINITE:
            saw = Saw(version=op.version, lines=dict(op.lines))
            records.append((op.answered, Call(*head, op.sent, op.answered, 0.0, *who, 200, "ok", "", saw)))
    begun = [Begun(0.0, 0.0, "test", (), 1.0, 1, "all"), Stock(0.0, 0.0, {}, {}, (), ())]
    state = FinalState(carts={"p1.g1": FinalCart(version, dict(lines))}, orders={"p1.g1": ()}, left={"RED": 1})
    verdict = decide(tell([*begun, *(record for _, record in sorted(records, key=lambda each: each[0]))]), state)
    assert not verdict.undecided
    return not verdict.violations, verdict


@settings(max_examples=600, deadline=None)
@given(st.integers(0, 1 << 32))
def test_the_checker_agrees_with_an_exhaustive_search(seed):
    ops, version, lines = short(Random(seed))
    accepted, verdict = checked(ops, version, lines)
    shown = "\n".join(map(str, ops)) + f"\nends as {lines} at {version}\n{verdict.text()}"
    assert accepted == possible(ops, version, lines), shown


def test_both_verdicts_are_frequent():
    verdicts = [possible(*short(Random(seed))) for seed in range(300)]
    assert 50 < sum(verdicts) < 280
