"""What dbt reports of a build, as results of assets and checks."""

from pipelines.defs.dbt_events import FinishedNode, Listener


def test_what_a_stop_broke_has_neither_passed_nor_failed_but_what_dbt_had_found_stays_found() -> None:
    listener = Listener(lambda _: None, expected=6)
    ends = {"model.a": "success", "test.b": "pass", "test.c": "fail", "model.d": "error", "test.e": "runtime error"}
    listener.finished = [FinishedNode(name, status, 0, 0.1, "") for name, status in ends.items()]
    listener.forget_errors()
    assert [node.dbt_id for node in listener.finished] == ["model.a", "test.b", "test.c"]
