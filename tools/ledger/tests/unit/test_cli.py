"""Misuse is said, with exit code 2."""

import pytest

from myclothes_ledger.cli import main


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["run", "--history", "h"], "--url"),
        (["run", "--history", "h", "--url", "shop.example"], "no address of a shop"),
        (["run", "--history", "h", "--url", "http://shop/path"], "no address of a shop"),
        (["run", "--history", "h", "--url", "http://shop", "--rate", "0"], "not a number above 0"),
        (["run", "--history", "h", "--url", "http://shop", "--only", "carts", "--test-sku", "A"], "not allowed with"),
        (["run", "--history", "h", "--url", "http://shop", "--test-sku", "A B"], "no sku"),
        (["run", "--history", "h", "--url", "http://shop", "--error-budget", "1"], "needs --seconds"),
        (["run", "--history", "h", "--url", "http://shop", "--error-budget", "101"], "from 0 to 100"),
        (["check"], "--history"),
        ([], "COMMAND"),
    ],
)
def test_bad_arguments_are_named(arguments, reason, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("command", [["check"], ["report"], ["mark", "text"]])
def test_a_missing_history_is_named(command, tmp_path, capsys):
    assert main([*command, "--history", str(tmp_path / "none")]) == 2
    assert "there is no history" in capsys.readouterr().err
