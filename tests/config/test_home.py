"""Where things are found: option, environment, default."""

from pathlib import Path

import pytest

from pipelines.config.home import Home, find_author, find_home, find_sources
from pipelines.errors import ConfigurationError


def test_the_home_is_the_option_then_the_variable_then_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PARCOURS_HOME", raising=False)
    assert find_home(None).root == tmp_path / "data"
    monkeypatch.setenv("PARCOURS_HOME", str(tmp_path / "other"))
    assert find_home(None).root == tmp_path / "other"
    assert find_home(Path("mine")).root == tmp_path / "mine"


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(ConfigurationError, match="is a file"):
        find_home(tmp_path / "home")


def test_the_sources_are_the_option_then_the_variable_then_the_homes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    own, named, optional = home.root / "sources.yml", tmp_path / "named.yml", tmp_path / "optional.yml"
    for path in (own, named, optional):
        path.write_text("")
    monkeypatch.delenv("PARCOURS_SOURCES", raising=False)
    assert find_sources(None, home) == own
    monkeypatch.setenv("PARCOURS_SOURCES", str(named))
    assert find_sources(None, home) == named
    assert find_sources(optional, home) == optional
    with pytest.raises(ConfigurationError, match="--sources names"):
        find_sources(tmp_path / "nowhere.yml", home)


def test_who_decides_is_the_one_asked_for_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PARCOURS_AUTHOR", "GIT_AUTHOR_NAME", "USER", "LOGNAME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match="--author"):
        find_author(" ")
    monkeypatch.setenv("USER", "ada")
    assert find_author(None) == "ada"
    monkeypatch.setenv("PARCOURS_AUTHOR", "Ada L.")
    assert find_author(None) == "Ada L."
    assert find_author("Bob") == "Bob"
