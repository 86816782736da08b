"""Error messages point at the closest known name."""

from papaver.errors import DataError, PapaverError, nearest


def test_nearest_suggests_the_closest_name() -> None:
    assert nearest("herion", ["heroin", "morphine"]) == "did you mean 'heroin'?"


def test_nearest_is_blind_to_case() -> None:
    assert nearest("MORPHINE", ["heroin", "morphine"]) == "did you mean 'morphine'?"


def test_nearest_lists_what_is_known_when_nothing_is_close() -> None:
    assert nearest("xyz", ["b", "a"]) == "known: a, b"
    assert nearest("xyz", []) == "known: none"


def test_nearest_cuts_a_long_list() -> None:
    message = nearest("?", [f"name{i:02}" for i in range(40)])
    assert message.endswith("name11, ...")


def test_every_error_is_a_papaver_error() -> None:
    assert issubclass(DataError, PapaverError)
