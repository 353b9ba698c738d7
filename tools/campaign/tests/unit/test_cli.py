"""Misuse is said, with exit code 2, before anything is started."""

import pytest

from myclothes_campaign.cli import MISUSED, main
from myclothes_campaign.processes import ProcessGround

GROUNDS = {"processes": ProcessGround}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--faults", "0"], "not a whole number above 0"),
        (["--from", "-1"], "no index"),
        (["--rate", "0"], "no rate"),
        (["--ground", "moon"], "invalid choice"),
        (["--control", "luck"], "invalid choice"),
    ],
)
def test_bad_words_are_named(arguments, reason, capsys):
    with pytest.raises(SystemExit) as error:
        main(GROUNDS, arguments)
    assert error.value.code == MISUSED
    assert reason in capsys.readouterr().err


def test_kinds_that_do_not_exist_are_refused(tmp_path, capsys):
    assert main(GROUNDS, ["--only", "earthquake", "--folder", str(tmp_path)]) == MISUSED
    assert "valkey primary killed" in capsys.readouterr().err


def test_another_campaign_in_the_folder_is_refused(tmp_path, capsys):
    folder = tmp_path / "processes-seed1"
    folder.mkdir()
    (folder / "campaign.jsonl").write_text(
        '{"type":"plan","ground":"processes","seed":1,"control":"","only":[],"rate":7.0,"first":0}\n'
    )
    assert main(GROUNDS, ["--folder", str(tmp_path)]) == MISUSED
    assert "another campaign" in capsys.readouterr().err
