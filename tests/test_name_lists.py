"""Lists of names in messages stay short, whatever the lists."""

from pipelines.name_lists import find_close, list_lines, list_names, shorten
from tests.steps import count_steps


def test_a_short_list_is_named_as_a_whole() -> None:
    assert list_names(["a", "b", "c"]) == "a, b, c"
    assert list_names([]) == "none"
    assert list_names([], otherwise="nothing") == "nothing"
    assert list_names(str(number) for number in range(10)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"


def test_a_long_list_names_the_first_ten_and_counts_the_others() -> None:
    assert list_names(str(number) for number in range(11)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 1 more"
    assert list_names(map(str, range(100_000))).endswith("9 and 99,990 more")
    assert list_names(["a", "b", "c"], most=2, mark=" and ") == "a and b and 1 more"


def test_an_overlong_name_is_cut() -> None:
    assert shorten("x" * 80) == "x" * 80
    assert shorten("x" * 81) == "x" * 79 + "…"
    assert len(list_names(["x" * 1_000_000] * 100_000)) < 1_000


def test_lines_beyond_the_limit_are_counted() -> None:
    assert list_lines(["  one", "  two"]) == ["  one", "  two"]
    assert list_lines(["  one", "  two", "  three"], most=1) == ["  one", "  and 2 more"]


def test_the_name_that_was_meant_is_found_among_any_number() -> None:
    assert find_close("emial", ["phone", "email"]) == "email"
    assert find_close("email", ["x" * 10_000_000]) is None
    assert find_close("x" * 10_000_000, ["email"]) is None
    assert find_close("email", [f"c{number}" for number in range(100_000)]) is None
    assert find_close("email", [*("c" * 100 for _ in range(100_000)), "emails"]) == "emails"


def test_a_mistyped_name_is_compared_with_some_of_about_its_length_and_an_endless_one_with_none() -> None:
    def compare(word: str, known: list[str]) -> int:
        return count_steps(lambda: find_close(word, known))

    columns = [f"c{number}" for number in range(20_000)]
    assert compare("email", columns) < 1.1 * compare("email", columns[:10_000])
    assert compare("email", ["x" * 100] * 1_000) < compare("email", ["phone"] * 1_000) / 3
    assert compare("x" * 100_000, ["email"]) < 100
