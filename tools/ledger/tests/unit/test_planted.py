"""One planted violation of each kind is found, with the right explanation; beside it, the same without is right."""


def texts(book):
    return "\n".join(str(violation) for violation in book.verdict().violations)


def test_a_lost_add_is_found_in_the_end(book):
    book.add("RED", 2, 10, RED=2)
    lost = book.add("BLUE", 1, 20, RED=2, BLUE=1)
    book.ends(20, RED=2, BLUE=1)
    assert book.promises() == ""
    book.ends(30, RED=2)
    assert book.promises() == "a"
    assert lost.op in texts(book)
    assert "an acknowledged add is lost" in texts(book)


def test_a_lost_add_is_found_in_a_later_answer(book):
    lost = book.add("RED", 2, 10, RED=2)
    book.add("BLUE", 1, 20, BLUE=1)
    book.ends(20, BLUE=1)
    assert book.promises() == "a"
    assert lost.op in texts(book)


def test_a_cart_that_went_back_to_an_older_version_is_found(book):
    book.add("RED", 2, 10, RED=2)
    book.add("BLUE", 1, 20, RED=2, BLUE=1)
    book.ends(10, RED=2)
    assert book.promises() == "a"


def test_a_removed_line_that_comes_back_is_found(book):
    book.add("RED", 2, 10, RED=2)
    removed = book.write("remove", "RED", version=20, lines={})
    book.ends(20)
    assert book.promises() == ""
    book.ends(30, RED=2)
    assert book.promises() == "b"
    assert removed.op in texts(book)
    assert "came back" in texts(book)


def test_an_add_that_was_done_twice_is_found(book):
    first = book.sent("add", "RED", 2)
    book.answered(first, 0)
    again = book.sent("add", "RED", 2, op=first.op, attempt=2)
    book.answered(again, version=20, lines={"RED": 2})
    book.ends(20, RED=2)
    assert book.promises() == ""
    book.ends(30, RED=4)
    assert book.promises() == "c"
    assert "done twice" in texts(book)
    assert first.op in texts(book)


def test_an_unknown_add_may_be_there_or_not_but_not_twice(book):
    book.add("BLUE", 1, 10, BLUE=1)
    book.answered(book.sent("add", "RED", 2), 503)
    for lines in ({"BLUE": 1}, {"BLUE": 1, "RED": 2}):
        book.ends(20, **lines)
        assert book.promises() == ""
    book.ends(20, BLUE=1, RED=4)
    assert book.promises() == "c"


def test_an_add_that_never_left_explains_nothing(book):
    book.add("BLUE", 1, 10, BLUE=1)
    book.answered(book.sent("add", "RED", 2), 0, reason="no connection in time")
    book.ends(20, BLUE=1)
    assert book.promises() == ""
    book.ends(20, BLUE=1, RED=2)
    assert book.promises() != ""


def test_an_add_whose_second_attempt_never_left_may_be_there(book):
    book.add("BLUE", 1, 10, BLUE=1)
    first = book.answered(book.sent("add", "RED", 2), 503)
    book.answered(book.sent("add", "RED", 2, op=first.op, attempt=2), 0, reason="no connection in time")
    book.ends(20, BLUE=1, RED=2)
    assert book.promises() == ""


def test_an_unknown_add_may_take_effect_late(book):
    book.answered(book.sent("add", "RED", 2), 0)
    book.write("remove", "RED", version=10, lines={})
    book.add("BLUE", 1, 20, BLUE=1)
    book.ends(30, BLUE=1, RED=2)
    assert book.promises() == ""


def test_what_nobody_sent_is_found(book):
    book.add("RED", 2, 10, RED=2)
    book.ends(20, RED=2, GREEN=1)
    assert book.promises() in {"b", "c"}
    assert "no course of events" in texts(book)


def test_a_checkout_with_two_orders_is_found(book):
    book.add("RED", 2, 10, RED=2)
    checkout = book.write("checkout", status=201, orders=(book.order("MC-1", RED=2),))
    book.ends(20)
    book.state.orders[book.cart] = (book.order("MC-1", RED=2),)
    book.state.left["RED"] = 98
    assert book.promises() == ""
    book.state.orders[book.cart] = (book.order("MC-1", RED=2), book.order("MC-2", RED=2))
    book.state.left["RED"] = 96
    assert book.promises() == "d"
    assert checkout.op in texts(book)


def test_a_repeated_checkout_with_another_number_is_found(book):
    book.add("RED", 2, 10, RED=2)
    checkout = book.write("checkout", status=201, orders=(book.order("MC-1", RED=2),))
    again = book.sent("checkout", op=checkout.op, attempt=2)
    book.answered(again, 201, orders=(book.order("MC-2", RED=2),))
    assert "d" in book.promises()


def test_what_was_ordered_leaves_the_cart_once(book):
    book.add("RED", 3, 10, RED=3)
    book.write("checkout", status=201, orders=(book.order("MC-1", RED=3),))
    book.add("BLUE", 1, 20, RED=3, BLUE=1)  # the take comes late
    book.add("RED", 1, 40, RED=1, BLUE=1)  # and before this
    book.state.left["RED"] = 97
    book.ends(40, RED=1, BLUE=1)
    book.state.orders[book.cart] = (book.order("MC-1", RED=3),)
    assert book.promises() == ""
    book.ends(50, BLUE=1)  # taken again
    assert book.promises() != ""


def test_an_ordered_line_that_stays_in_the_cart_is_found(book):
    book.add("RED", 3, 10, RED=3)
    book.write("checkout", status=201, orders=(book.order("MC-1", RED=3),))
    book.state.left["RED"] = 97
    book.ends(10, RED=3)
    book.state.orders[book.cart] = (book.order("MC-1", RED=3),)
    assert book.promises() == "b"
    assert "take" in texts(book)


def test_stock_that_does_not_add_up_is_found(book):
    book.add("RED", 2, 10, RED=2)
    book.write("checkout", status=201, orders=(book.order("MC-1", RED=2),))
    book.ends(20)
    book.state.orders[book.cart] = (book.order("MC-1", RED=2),)
    for left, found in ((98, ""), (99, "e"), (97, "e"), (-1, "e")):
        book.state.left["RED"] = left
        assert book.promises() == found
    for left, found in ((98, ""), (99, "e"), (97, "")):
        book.state.left["RED"] = left
        assert book.promises(sole_buyer=False) == found


def test_an_older_cart_than_was_shown_is_found(book):
    book.add("RED", 2, 10, RED=2)
    book.add("BLUE", 1, 20, RED=2, BLUE=1)
    book.read("cart", version=20, lines={"RED": 2, "BLUE": 1})
    book.ends(20, RED=2, BLUE=1)
    assert book.promises() == ""
    book.read("cart", version=10, lines={"RED": 2})
    assert book.promises() == "f"
    assert "20 had been shown" in texts(book)


def test_a_write_acknowledged_at_an_older_version_is_found(book):
    book.add("RED", 2, 20, RED=2)
    book.add("BLUE", 1, 10, BLUE=1)
    assert "f" in book.promises()


def test_another_browser_may_see_an_older_state_but_what_never_was_is_found(book):
    book.cart = "p1.a"
    book.add("RED", 2, 10, RED=2)
    book.add("BLUE", 1, 20, RED=2, BLUE=1)
    book.browser = "p1.b2"
    book.read("cart", version=10, lines={"RED": 2})
    book.ends(20, RED=2, BLUE=1)
    book.account_ends()
    assert book.promises() == ""
    book.read("cart", version=15, lines={"RED": 7})
    assert book.promises() != ""


def test_a_lost_order_is_found(book):
    book.add("RED", 2, 10, RED=2)
    checkout = book.write("checkout", status=201, orders=(book.order("MC-1", RED=2),))
    book.read("orders", orders=(book.order("MC-1", RED=2),))
    book.ends(20)
    book.state.orders[book.cart] = (book.order("MC-1", RED=2),)
    book.state.left["RED"] = 98
    assert book.promises() == ""
    book.read("orders", orders=())
    assert book.promises() == "f"
    assert checkout.op in texts(book)


def test_a_lost_order_is_found_in_the_end(book):
    book.add("RED", 2, 10, RED=2)
    book.write("checkout", status=201, orders=(book.order("MC-1", RED=2),))
    book.ends(20)
    assert book.promises() == "f"


def test_a_cancellation_that_is_undone_is_found(book):
    book.add("RED", 2, 10, RED=2)
    book.write("checkout", status=201, orders=(book.order("MC-1", RED=2),))
    book.write("cancel", "MC-1", orders=(book.order("MC-1", "cancelled", RED=2),))
    book.ends(20)
    book.state.orders[book.cart] = (book.order("MC-1", "cancelled", RED=2),)
    assert book.promises() == ""
    book.state.orders[book.cart] = (book.order("MC-1", RED=2),)
    book.state.left["RED"] = 98
    assert book.promises() == "f"


def test_a_lost_account_a_lost_login_and_an_older_address_are_found(book):
    book.write("register", status=201, account="1")
    book.cart = "p1.a"
    book.write("address", text="Old Street", addresses={"x": "Old Street"})
    book.write("address", "x", text="New Street", addresses={"x": "New Street"})
    book.read("addresses", addresses={"x": "New Street"})
    book.ends(5)
    book.account_ends(x="New Street")
    assert book.promises() == ""
    book.account_ends(x="Old Street")
    assert book.promises() == "f"
    book.account_ends(exists=False)
    assert book.promises() == "f"
    book.account_ends(x="New Street")
    for status, saw in ((200, {"addresses": {"x": "Old Street"}}), (200, {"addresses": {}}), (401, {"code": "no"})):
        kept = list(book.records)
        book.read("addresses", status, **saw)
        assert book.promises() == "f"
        book.records = kept
    book.write("address", "x", text="Old Street", addresses={"x": "Old Street"})
    book.account_ends(x="Old Street")
    assert book.promises() == ""  # the same text, written again


def test_a_line_lost_in_a_merge_is_found(book):
    book.add("RED", 2, 10, RED=2)
    book.add("BLUE", 1, 20, RED=2, BLUE=1)
    login = book.write("register", status=201, account="1")
    book.cart = "p1.a"
    book.add("GREEN", 1, 40, RED=2, BLUE=1, GREEN=1)
    book.ends(40, RED=2, BLUE=1, GREEN=1)
    book.account_ends()
    assert book.promises() == ""
    book.ends(50, RED=2, GREEN=1)
    assert book.promises() in {"a", "g"}
    kept = book.records.copy()
    book.records = kept[:-1]
    book.answered(kept[-2], version=40, lines={"RED": 2, "GREEN": 1})
    assert set(book.promises()) & {"a", "g"}
    book.records = kept[:-2]
    book.ends(30)
    assert book.promises() == "g"
    assert login.op in texts(book)


def test_a_merge_left_out_whole_is_a_lost_merge(book):
    book.add("RED", 2, 10, RED=2)
    book.write("register", status=201, account="1")
    book.cart = "p1.a"
    book.ends(30)
    book.account_ends()
    assert book.promises() == "g"
    book.ends(30, RED=2)
    assert book.promises() == ""


def test_a_login_without_an_answer_may_have_merged_or_not(book):
    book.add("RED", 2, 10, RED=2)
    book.answered(book.sent("login"), 503)
    book.add("BLUE", 1, 20, RED=2, BLUE=1)
    book.ends(20, RED=2, BLUE=1)
    book.account_ends()
    for account, promises in (({}, ""), ({"RED": 2, "BLUE": 1}, ""), ({"RED": 4}, "c")):
        book.ends(30 if account else 0, cart="p1.a", **account)
        assert bool(book.promises()) == bool(promises), texts(book)
