"""The session's cookie and the ring of keys."""

from __future__ import annotations

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myclothes_gateway.models import Cart, Line
from myclothes_gateway.sessions import Session
from myclothes_gateway.sessions.codec import DAY_SECONDS, SessionCodec
from myclothes_gateway.sessions.keyring import CHECK_SECONDS, Keyring, KeyringInvalidError
from myclothes_kit.positions import Position

OLD, NEW = "old-" * 8, "new-" * 8


class Clock:
    def __init__(self, now=20_000 * DAY_SECONDS):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ring(tmp_path, clock):
    """Writes the file of keys and opens it: `ring("newest", "older")`."""

    def write(*keys):
        path = tmp_path / "keys"
        path.with_suffix(".new").write_text("\n".join(keys) + "\n")
        path.with_suffix(".new").replace(path)
        return Keyring(path, clock=clock)

    return write


def begun(**fields):
    session = Session(**fields)
    session.ensure()
    return session


@pytest.fixture(scope="module")
def steady(tmp_path_factory):
    path = tmp_path_factory.mktemp("ring") / "keys"
    path.write_text(OLD)
    return SessionCodec(Keyring(path), 30)


@given(data=st.data())
def test_a_session_comes_back_as_it_went(steady, data):
    session = Session(id=os.urandom(16))
    session.cart_version = data.draw(st.integers(0, 2**64 - 1))
    session.cart_items = data.draw(st.integers(0, 65_535))
    session.position = data.draw(st.builds(Position, st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)))
    session.signed_in, session.ordered = data.draw(st.booleans()), data.draw(st.booleans())
    value = steady.write(session)
    back = steady.read(value)
    for name in ("id", "cart_version", "cart_items", "position", "signed_in", "ordered"):
        assert getattr(back, name) == getattr(session, name)
    assert not back.changed
    assert len(value) == 78


@given(text=st.one_of(st.text(max_size=100), st.text("AZaz09-_", min_size=78, max_size=78)))
def test_what_was_not_signed_is_no_session(steady, text):
    assert steady.read(text) == Session()


def test_every_bit_is_signed(steady):
    value = steady.write(begun())
    raw = bytearray(base64.urlsafe_b64decode(value + "=="))
    for bit in range(len(raw) * 8):
        raw[bit // 8] ^= 1 << bit % 8
        assert steady.read(base64.urlsafe_b64encode(raw).decode().rstrip("=")).id is None
        raw[bit // 8] ^= 1 << bit % 8
    assert steady.read(value).id is not None


def test_a_cookie_of_an_older_key_is_valid_and_renewed(ring, clock):
    value = SessionCodec(ring(OLD), 30, clock=clock).write(begun())
    rotated = SessionCodec(ring(NEW, OLD), 30, clock=clock)
    session = rotated.read(value)
    assert session.id is not None
    assert session.changed
    renewed = rotated.write(session)
    assert SessionCodec(ring(NEW), 30, clock=clock).read(renewed).id == session.id
    assert SessionCodec(ring(NEW), 30, clock=clock).read(value).id is None


def test_a_rotation_does_not_move_a_guests_cart(ring, clock):
    session = begun()
    value = SessionCodec(ring(OLD), 30, clock=clock).write(session)
    assert SessionCodec(ring(NEW, OLD), 30, clock=clock).read(value).owner == session.owner


def test_a_cookie_from_before_a_restore_forgets_what_it_saw_of_the_databases(ring, clock):
    seen = Position(7, 1 << 40)
    before = Session(id=os.urandom(16), position=seen, cart_version=5, signed_in=True)
    value = SessionCodec(ring(OLD), 30, clock=clock).write(before)
    assert SessionCodec(ring(NEW, OLD), 30, clock=clock).read(value).position == seen
    restored = f"restored-{NEW}"
    for keys in ((restored, OLD), (NEW, restored, OLD)):
        codec = SessionCodec(ring(*keys), 30, clock=clock)
        session = codec.read(value)
        assert (session.position, session.cart_version, session.signed_in) == (Position(), 5, True)
        # what it sees from now on is remembered again
        session.position = Position(1, 9)
        assert codec.read(codec.write(session)).position == Position(1, 9)
    # a cookie that was signed after the restore is not from before it
    after = SessionCodec(ring(restored, OLD), 30, clock=clock).write(begun(position=seen))
    assert SessionCodec(ring(NEW, restored, OLD), 30, clock=clock).read(after).position == seen


def test_the_ring_follows_its_file(ring, clock):
    keyring = ring(OLD)
    mac = keyring.sign(b"purpose", b"data")
    ring(NEW, OLD)
    assert keyring.verify(b"purpose", b"data", mac) == 0
    clock.now += CHECK_SECONDS
    assert keyring.verify(b"purpose", b"data", mac) == 1
    assert keyring.verify(b"another purpose", b"data", mac) is None


@pytest.mark.parametrize("content", ["", "short", "\n".join(["k" * 32] * 9), "é" * 40])
def test_a_ring_that_is_none_is_refused_at_start_and_ignored_later(tmp_path, clock, content):
    path = tmp_path / "keys"
    path.write_text(content, encoding="latin-1")
    with pytest.raises((KeyringInvalidError, UnicodeDecodeError)):
        Keyring(path, clock=clock)
    path.write_text(OLD)
    keyring = Keyring(path, clock=clock)
    mac = keyring.sign(b"p", b"d")
    path.write_text(content, encoding="latin-1")
    clock.now += CHECK_SECONDS
    assert keyring.verify(b"p", b"d", mac) == 0
    path.unlink()
    clock.now += CHECK_SECONDS
    assert keyring.verify(b"p", b"d", mac) == 0


def test_a_cookie_lives_thirty_days_after_it_was_last_sent(ring, clock):
    codec = SessionCodec(ring(OLD), 30, clock=clock)
    value = codec.write(begun())
    clock.now += 30 * DAY_SECONDS
    session = codec.read(value)
    assert session.changed
    renewed = codec.write(session)
    clock.now += DAY_SECONDS
    assert codec.read(value).id is None
    assert codec.read(renewed).id is not None


def test_only_what_grows_changes_the_cookie():
    session = begun()
    session.changed = False
    session.saw_position("2/0/100")
    assert session.changed
    session.changed = False
    for older in ("2/0/100", "2/0/FF", "1/FFFFFFFF/0", "nonsense", "", None):
        session.saw_position(older)
    assert not session.changed
    assert str(session.position) == "2/0/100"
    session.saw_cart(Cart("guest-1", 7, [Line("a", 2)]))
    assert (session.cart_version, session.cart_items, session.changed) == (7, 2, True)
    session.changed = False
    session.saw_cart(Cart("guest-1", 7, [Line("a", 2)]))
    assert not session.changed


@pytest.mark.parametrize("text", [None, "", "1/0", "0/0/9", "1/0/x"])
def test_a_position_that_is_none_tells_nothing(text):
    session = begun()
    session.saw_position("1/0/9")
    session.changed = False
    session.saw_position(text)
    assert (session.position, session.changed) == (Position(1, 9), False)
    session.saw_position("1/0/A")
    assert (session.position, session.changed) == (Position(1, 10), True)


def test_a_new_beginning_forgets_whose_it_was():
    session = begun(cart_version=5, cart_items=1, signed_in=True, ordered=True)
    session.account_id = "a" * 32
    before = session.id
    session.begin()
    assert session.id != before
    assert (session.cart_version, session.cart_items, session.signed_in, session.ordered) == (0, 0, False, False)
    assert session.owner == session.guest_cart_id
    assert session.owner.startswith("guest-")
    assert len(session.owner) == len("guest-") + 32
    assert before.hex() not in session.owner
