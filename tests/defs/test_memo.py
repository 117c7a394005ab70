"""What steps share is made once, and anew when what it was made of changed."""

from pipelines.defs.memo import Memo


def test_it_is_made_once_for_each_thing_it_is_made_of() -> None:
    held, made = Memo[str](), []

    def make() -> str:
        made.append(len(made))
        return f"made {len(made)}"

    assert [held.get(of, make) for of in ("a", "a", "b", "b", "a")] == [
        "made 1",
        "made 1",
        "made 2",
        "made 2",
        "made 3",
    ]
    assert len(made) == 3, "only the last is held"


def test_what_is_put_there_is_not_made_even_where_it_is_made_of_nothing() -> None:
    held = Memo[list[int]]()
    held.put(None, [])
    assert held.get(None, lambda: [1]) == []
    assert held.get((), lambda: [1]) == [1]
