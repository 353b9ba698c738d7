"""Where the session's stores come from."""

import socket

import pytest

from myclothes_stores import containers


@pytest.fixture(autouse=True)
def fresh():
    containers.use_containers.cache_clear()
    yield
    containers.use_containers.cache_clear()


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Something that listens where DOCKER_HOST points."""
    path = tmp_path / "engine.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    monkeypatch.delenv(containers.CHOICE_VARIABLE, raising=False)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        yield


def test_containers_where_an_engine_answers(engine):
    assert containers.use_containers()


def test_wheels_when_the_environment_says_so(engine, monkeypatch):
    monkeypatch.setenv(containers.CHOICE_VARIABLE, "wheels")
    assert not containers.use_containers()


@pytest.mark.parametrize("host", ["unix:///nowhere/engine.sock", "tcp://127.0.0.1:1"])
def test_wheels_where_no_engine_answers(monkeypatch, host):
    monkeypatch.setenv("DOCKER_HOST", host)
    assert not containers.use_containers()
