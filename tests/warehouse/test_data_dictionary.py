from pipelines.warehouse.data_dictionary import PAGE, describe_marts


def test_the_data_dictionary_says_what_the_contracts_say() -> None:
    told = "out of date: run python -m pipelines.warehouse.data_dictionary"
    assert PAGE.read_text(encoding="utf-8") == describe_marts(), told
