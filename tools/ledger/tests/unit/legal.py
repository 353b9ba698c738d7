"""A shop that keeps every promise while everything else goes wrong, and shoppers whose luck is drawn.

Answers get lost, requests take effect late or never, repeats come twice, a failover takes back what was never
acknowledged, a deposed primary shows old carts to who had not seen newer ones, orders leave the cart late.
"""

import copy
from dataclasses import dataclass, field

from myclothes_ledger.checking import FinalAccount, FinalCart, FinalState
from myclothes_ledger.history import Begun, Call, Placed, Saw, Sent, Stock

SKUS = ("RED", "BLUE")
STOCK = 1000
LIMIT = 6


@dataclass
class Cart:
    version: int = 0
    lines: dict = field(default_factory=dict)
    forward: str = ""


@dataclass
class Shop:
    """The truth. `done` maps operation ids to nothing: a known one changes nothing any more."""

    carts: dict = field(default_factory=dict)
    done: set = field(default_factory=set)
    now: int = 0

    def resolve(self, name):
        cart = self.carts.setdefault(name, Cart())
        return self.resolve(cart.forward) if cart.forward else cart

    def bump(self, cart, least=0):
        cart.version = max(cart.version + 1, self.now, least)

    def change(self, name, op, kind, lines):
        """One change at most once; None when a limit forbids it."""
        cart = self.resolve(name)
        if op in self.done:
            return cart
        before = dict(cart.lines)
        for sku, quantity in lines.items():
            have = cart.lines.get(sku, 0)
            new = {"add": have + quantity, "take": max(0, have - quantity)}.get(kind, quantity)
            if kind in ("add", "set") and new > max(LIMIT, have):
                return None
            cart.lines[sku] = new
            if not new:
                del cart.lines[sku]
        if cart.lines != before:
            self.bump(cart)
        self.done.add(op)
        return cart

    def merge(self, guest, into):
        source, target = self.carts.setdefault(guest, Cart()), self.carts.setdefault(into, Cart())
        if source.forward:
            return
        for sku, quantity in source.lines.items():
            target.lines[sku] = target.lines.get(sku, 0) + quantity
        self.bump(target, source.version + 1)
        source.lines, source.forward = {}, into


@dataclass
class Flight:
    """A request under way; `answer` is what the shop said to it, `promised` whether it may reach the shopper."""

    sent: Sent
    floor: int
    answer: tuple | None = None
    promised: bool = False
    closed: bool = False


class World:
    """Draws a history of one shopper: `draw(n)` gives a number below n."""

    def __init__(self, draw):
        self.draw = draw
        self.shop, self.durable = Shop(), Shop()
        self.past = [Shop()]
        self.time = 0.0
        self.records = [
            Begun(0.0, 0.0, "test", ("http://shop",), 10.0, 1, "all"),
            Stock(0.0, 0.0, dict.fromkeys(SKUS, STOCK), dict.fromkeys(SKUS, "shirt"), (), ()),
        ]
        self.flights = []
        self.labels = {"p1.b1": "p1.g1", "p1.b2": "p1.g2"}
        self.guests = 2
        self.floors = dict.fromkeys(self.labels, 0)
        self.orders, self.takes, self.numbers = {}, [], 0
        self.claimed = set()
        self.account = False
        self.ops = 0

    def tick(self):
        self.time += 1.0
        return self.time

    def run(self, steps):
        actions = {
            self.calm: 6,
            self.calm_alone: 3,
            self.send_change: 3,
            self.apply: 4,
            self.answer: 4,
            self.lose: 1,
            self.resend: 1,
            self.read: 2,
            self.alone: 1,
            self.take: 1,
            self.failover: 1,
        }
        chances = [action for action, weight in actions.items() for _ in range(weight)]
        for _ in range(steps):
            chances[self.draw(len(chances))]()
        return self.end()

    # --- what shoppers do

    def calm(self):
        """A change that goes well."""
        before = len(self.flights)
        self.send_change()
        self.land(before)

    def calm_alone(self):
        """A login, a checkout or the like that goes well."""
        before = len(self.flights)
        self.alone()
        self.land(before)

    def land(self, before):
        if len(self.flights) > before:
            flight = self.flights[before]
            self.reach(flight)
            if not flight.promised:
                self.promise(flight)
            self.tell(flight)

    def send_change(self):
        if self.is_alone():
            return
        browser = tuple(self.labels)[self.draw(2)]
        kind = ("add", "add", "set", "remove")[self.draw(4)]
        quantity = {"add": 1 + self.draw(2), "set": self.draw(3), "remove": 0}[kind]
        self.send(browser, kind, SKUS[self.draw(2)], quantity)

    def send(self, browser, kind, subject="", quantity=0, op=None, attempt=1):
        if op is None:
            self.ops += 1
            op = f"op{self.ops}"
        sent = Sent(op, attempt, self.tick(), 0.0, 1, browser, self.labels[browser], kind, subject, quantity)
        self.records.append(sent)
        self.flights.append(Flight(sent, self.floors[browser]))

    def is_alone(self):
        return any(not f.closed and f.sent.kind in ("login", "checkout", "logout", "cancel") for f in self.flights)

    def alone(self):
        """Leave the page, when nothing else is under way."""
        if any(not flight.closed for flight in self.flights):
            return
        browser = tuple(self.labels)[self.draw(2)]
        guest = not self.labels[browser].endswith(".a")
        kind = ("checkout", "login" if guest else "logout", "cancel")[self.draw(3)]
        subject = ""
        if kind == "cancel":
            known = sorted(self.orders)
            if not known:
                return
            subject = known[self.draw(len(known))]
        self.send(browser, kind, subject)

    def resend(self):
        """A repeat under the same id of something that had no answer."""
        open_ = [flight for flight in self.flights if flight.closed and flight.sent.kind in ("add", "set", "checkout")]
        if not open_ or self.is_alone() or any(not flight.closed for flight in self.flights):
            return
        old = open_[self.draw(len(open_))].sent
        if self.labels[old.browser] != old.cart:
            return
        attempts = 1 + sum(flight.sent.op == old.op for flight in self.flights)
        self.send(old.browser, old.kind, old.subject, old.quantity, old.op, attempts)

    # --- what the shop and the network do

    def apply(self):
        """A request reaches the shop, perhaps after the shopper has given it up."""
        waiting = [flight for flight in self.flights if flight.answer is None]
        if not waiting:
            return
        self.reach(waiting[self.draw(len(waiting))])

    def reach(self, flight):
        sent = flight.sent
        self.past.append(copy.deepcopy(self.shop))
        self.shop.now += self.draw(3)
        match sent.kind:
            case "add" | "set" | "remove":
                cart = self.shop.change(sent.cart, sent.op, sent.kind, {sent.subject: sent.quantity})
                flight.answer = (422, Saw(code="limit")) if cart is None else (200, _saw(cart))
            case "login":
                self.shop.merge(sent.cart, "p1.a")
                self.claimed.add(sent.cart)
                self.account = True
                flight.answer = (200, Saw(account="1"))
            case "logout":
                flight.answer = (204, None)
            case "checkout":
                flight.answer = self.checkout(sent)
            case "cancel":
                number, order = sent.subject, self.orders[sent.subject]
                self.orders[number] = (order[0], Placed(number, "cancelled", order[1].lines), order[2])
                flight.answer = (200, Saw(orders=(self.orders[number][1],)))
        if sent.kind not in {"checkout", "cancel"} and (self.draw(3) or flight.answer[0] == 422):
            self.promise(flight)
        elif sent.kind in ("checkout", "cancel"):
            flight.promised = True

    def promise(self, flight):
        flight.promised = True
        self.durable = copy.deepcopy(self.shop)

    def checkout(self, sent):
        known = next((order for owner, order, op in self.orders.values() if op == sent.op), None)
        if known is not None:
            return 201, Saw(orders=(known,))
        if sent.cart in self.claimed:
            return 409, Saw(code="guest_claimed")
        if self.takes:
            return 409, Saw(code="previous_order_settling")
        # what an order is made of must not be taken back by a failover, or the take would find less
        lines = dict(self.shop.resolve(sent.cart).lines)
        if not lines:
            return 422, Saw(code="cart_empty")
        self.numbers += 1
        order = Placed(f"MC-{self.numbers}", "placed", lines)
        self.orders[order.number] = (sent.cart, order, sent.op)
        self.takes.append((sent.cart, order))
        return 201, Saw(orders=(order,))

    def take(self):
        if self.takes:
            cart, order = self.takes.pop()
            self.shop.now += self.draw(3)
            self.shop.change(cart, f"order:{order.number}", "take", order.lines)
            self.durable = copy.deepcopy(self.shop)

    def failover(self):
        """What nobody was promised may be gone."""
        self.past.append(copy.deepcopy(self.shop))
        # the clock goes on meanwhile: what is written from now on gets versions that the lost writes had not
        now = max([self.shop.now, *(cart.version for cart in self.shop.carts.values())])
        self.shop = copy.deepcopy(self.durable)
        self.shop.now = now + 1
        for flight in self.flights:
            if flight.answer is not None and not flight.promised:
                flight.answer = None  # lost on its way to a replica: it may still come by a frozen gateway

    def answer(self):
        ready = [flight for flight in self.flights if flight.promised and not flight.closed]
        if not ready:
            return
        self.tell(ready[self.draw(len(ready))])

    def tell(self, flight):
        flight.closed = True
        status, saw = flight.answer
        self.record(flight, status, saw)
        if status >= 400:
            return
        browser, kind = flight.sent.browser, flight.sent.kind
        if kind == "login":
            self.labels[browser] = "p1.a"
        if kind == "logout":
            self.guests += 1
            self.labels[browser] = f"p1.g{self.guests}"
            self.floors[browser] = 0
        elif saw is not None and saw.version is not None:
            self.floors[browser] = max(flight.floor, saw.version)

    def lose(self):
        """No answer: by a time-out, or a 503."""
        open_ = [flight for flight in self.flights if not flight.closed and flight.sent.kind != "logout"]
        if open_:
            flight = open_[self.draw(len(open_))]
            flight.closed = True
            self.record(flight, 503 if self.draw(2) else 0, None)

    def read(self):
        """A read; from a deposed primary now and then, if the browser has not seen newer."""
        if self.is_alone():
            return
        browser = tuple(self.labels)[self.draw(2)]
        label = self.labels[browser]
        shop = copy.deepcopy(self.shop)
        if not self.draw(4):
            old = copy.deepcopy(self.past[self.draw(len(self.past))])
            if old.resolve(label).version >= self.floors[browser]:
                shop = old
        self.ops += 1
        sent = Sent(f"op{self.ops}", 1, self.tick(), 0.0, 1, browser, label, "cart")
        cart = shop.resolve(label)
        self.record(Flight(sent, self.floors[browser]), 200, _saw(cart))
        self.floors[browser] = max(self.floors[browser], cart.version)

    def record(self, flight, status, saw):
        sent = flight.sent
        outcome = "ok" if 200 <= status < 400 else "refused" if 400 <= status < 500 else "unknown"
        self.records.append(
            Call(
                sent.op,
                sent.attempt,
                sent.at,
                self.tick(),
                0.0,
                1,
                sent.browser,
                sent.cart,
                sent.kind,
                status,
                outcome,
                "" if status else "no answer in time",
                saw,
                {"myclothes": "x"} if outcome == "ok" else None,
            )
        )

    def end(self):
        """Everything that is still on its way happens or never does; then the final state."""
        for _ in range(len(self.flights)):
            if self.draw(2):
                self.apply()
        while self.takes:
            self.take()
        state = FinalState()
        for label in {*self.labels.values(), *(["p1.a"] if self.account else [])}:
            cart = self.shop.resolve(label)
            state.carts[label] = FinalCart(cart.version, dict(cart.lines))
            state.orders[label] = tuple(
                order
                for owner, order, _ in self.orders.values()
                if owner == label or (label == "p1.a" and owner in self.claimed)
            )
        if self.account:
            state.accounts[1] = FinalAccount(exists=True)
        sold = dict.fromkeys(SKUS, 0)
        for _, order, _ in self.orders.values():
            if order.status == "placed":
                for sku, quantity in order.lines.items():
                    sold[sku] += quantity
        state.left = {sku: STOCK - sold[sku] for sku in SKUS}
        return self.records, state


def _saw(cart):
    return Saw(version=cart.version, lines=dict(cart.lines))
