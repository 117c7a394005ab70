"""Explanations of single cases: each verdict where it is due, and what is said with it."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from pipelines.errors import ConfigurationError, ParcoursError
from pipelines.identity.clustering import connected_components
from pipelines.identity.clustering.agglomerate import MERGE_THRESHOLD_BITS
from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.clustering.link_constraints import mark_decided
from pipelines.identity.customer_ids.ledger import assign_ids, current_map, empty_ledger
from pipelines.identity.decisions.read import DECISION_SCHEMA, no_decisions
from pipelines.identity.explain import why as explain_module
from pipelines.identity.explain.compose import compose_how, compose_why
from pipelines.identity.explain.evidence import NOT_COMPARED, Candidacy, Evidence
from pipelines.identity.explain.explanations import Explained, explain_how, explain_why
from pipelines.identity.explain.how import find_decisive, order_joins
from pipelines.identity.explain.neighbourhood import Neighbourhood
from pipelines.identity.explain.record_ties import Rule
from pipelines.identity.explain.render_html import render_html
from pipelines.identity.explain.render_terminal import print_document
from pipelines.identity.explain.sentences import note_why, sum_up_why
from pipelines.identity.explain.why import Reason
from pipelines.identity.incremental.steps import update_pairs
from pipelines.identity.model.registry import ModelVersion, load_version, put_in_force, save_version
from pipelines.identity.model.specification import BLOCKING_KEYS, declare_fields
from pipelines.identity.scoring.profiles import profile_records
from pipelines.lake.tables import Lake
from pipelines.texts.catalogue import list_languages, read_catalogue
from pipelines.texts.texts import Texts, open_texts

DAY = date(2026, 2, 28)
JEAN = {
    "first_name": "Jean", "last_name": "Lemercier", "birth_date": "1961-03-08", "email": "jean.lemercier@orange.fr",
    "mobile": "0612345679", "phone": "0142685301", "address": "12 rue des Lilas", "postcode": "69003", "city": "Lyon",
    "civility": "M.",
}  # fmt: skip
HOME = {name: JEAN[name] for name in ("last_name", "phone", "address", "postcode", "city")}
BRIGITTE = HOME | {"first_name": "Brigitte", "birth_date": "1963-11-21", "email": JEAN["email"], "civility": "Mme"}
STRANGER = {"first_name": "Ahmed", "last_name": "Sow", "birth_date": "1990-06-01", "mobile": "0698765431"}
ENGLISH, FRENCH = (open_texts(language, "explanations") for language in ("en", "fr"))

Recognise = Callable[..., Lake]


@pytest.fixture
def recognise(retailer, standardised, tmp_path) -> Recognise:
    """The lake of one more night in which these rows were recognised, under the retailer's model or another."""

    def run(*rows, decisions: pl.DataFrame | None = None, model: ModelVersion = retailer.model) -> Lake:
        lake = Lake(tmp_path / "lake")
        decided = no_decisions() if decisions is None else decisions
        records = mark_decided(standardised(*rows), decided)
        pairs, _ = update_pairs(lake, profile_records(records), model)
        is_first = not lake.path("identity", "ledger").exists()
        before = empty_ledger() if is_first else lake.read("identity", "ledger")
        ledger = assign_ids(cluster_records(records, pairs, model, decided), before, DAY)
        lake.write("identity", "decisions", decided)
        lake.write("identity", "records", records)
        lake.write("identity", "ledger", ledger)
        lake.write("identity", "customer_ids", current_map(ledger))
        save_version(model, lake, {})
        put_in_force(model.version, lake)
        return lake

    return run


def decide(*verdicts: tuple[str, str, str], expires_on: date | None = None) -> pl.DataFrame:
    rows = [
        (verdict, *sorted((one, other)), "A. Martin", "seen in the store", date(2026, 1, 5), expires_on)
        for verdict, one, other in verdicts
    ]
    return pl.DataFrame(rows, schema=DECISION_SCHEMA, orient="row")


def crm(key: str) -> str:
    return f"crm:contacts:{key}"


def till(key: str) -> str:
    return f"till:tickets:{key}"


def say(explained: Explained, texts: Texts = ENGLISH) -> str:
    return " ".join([sum_up_why(explained.answer, texts), *note_why(explained.answer, texts)])


def test_a_link_is_told_with_the_weight_that_is_stored(recognise, row):
    lake = recognise(row("1", **JEAN), row("2", **JEAN | {"last_name": "Lemercer"}))
    explained = explain_why(lake, crm("2"), crm("1"))
    comparison = explained.answer.comparison
    stored = lake.read("identity", "pairs")["match_weight"].item()
    assert explained.answer.reason == "link"
    assert comparison.weight == stored == comparison.stored.match_weight
    assert (comparison.record_id_l, comparison.record_id_r) == (crm("2"), crm("1"))
    surname = next(field for field in comparison.fields if field.field == "last_name")
    assert (surname.value_l, surname.value_r, surname.level) == ("Lemercer", "Lemercier", "typing error")
    assert "blocking key “e-mail”" in say(explained)


def test_records_of_identical_content_are_one_by_that(recognise, row):
    lake = recognise(row("1", **JEAN), row("2", **JEAN), row("3", **JEAN))
    answer = explain_why(lake, crm("3"), crm("2")).answer
    assert (answer.reason, answer.comparison.candidacy) == ("identical_content", "one_profile")
    story = explain_how(lake, crm("1"))
    assert [join.tie.rule for join in story.joins] == ["identical_content"] * 2
    assert not story.decisive.links
    assert [story.is_told_before(join) for join in story.joins] == [False, True]


def test_a_receipt_goes_by_its_email(recognise, row, receipt):
    rows = (row("1", **JEAN), receipt("1", JEAN["email"]), receipt("2", "someone@free.fr"), row("2", **STRANGER))
    lake = recognise(*rows)
    assert explain_why(lake, crm("1"), till("1")).answer.reason == "receipt_email"
    assert explain_why(lake, crm("1"), till("2")).answer.reason == "receipt_of_other_email"
    assert explain_why(lake, crm("2"), till("1")).answer.reason == "receipt_of_other_email"
    assert explain_how(lake, till("1")).decisive.tie.rule == "receipt_email"


def test_a_receipt_whose_email_two_people_use_is_told_with_both(recognise, row, receipt):
    lake = recognise(row("1", **JEAN), row("2", **BRIGITTE), receipt("1", JEAN["email"]))
    explained = explain_why(lake, till("1"), crm("2"))
    customer_of = dict(lake.read("identity", "customer_ids").iter_rows())
    assert explained.answer.reason == "receipt_email_of_several"
    assert explained.answer.email_users == tuple(sorted((customer_of[crm("1")], customer_of[crm("2")])))
    assert "2 customers use it" in say(explained)


def test_a_receipt_that_people_placed_elsewhere_is_told(recognise, row, receipt):
    rows = (row("1", **JEAN), row("2", **STRANGER), receipt("1", JEAN["email"]))
    lake = recognise(*rows, decisions=decide(("must_link", crm("2"), till("1"))))
    assert explain_why(lake, crm("1"), till("1")).answer.reason == "placed_by_decision"
    assert explain_why(lake, crm("2"), till("1")).answer.reason == "decision"


def test_two_receipts_held_apart_stay_out_of_the_customer_both_could_be_of(recognise, row, receipt):
    rows = (row("1", **JEAN), receipt("1", JEAN["email"]), receipt("2", JEAN["email"]))
    lake = recognise(*rows, decisions=decide(("cannot_link", till("1"), till("2"))))
    answer = explain_why(lake, crm("1"), till("2")).answer
    assert (answer.reason, answer.decision.record_id_l) == ("kept_apart_by_decision", till("1"))


def test_a_record_that_says_nothing_stays_alone(recognise, row):
    lake = recognise(row("1", **JEAN), row("2", city="Lyon"))
    assert explain_why(lake, crm("1"), crm("2")).answer.reason == "says_nothing"


def test_strangers_lack_bits_and_the_fields_against_are_named(recognise, row):
    answer = explain_why(recognise(row("1", **JEAN), row("2", **STRANGER)), crm("1"), crm("2")).answer
    assert (answer.reason, answer.comparison.candidacy) == ("too_little_evidence", "no_common_key")
    assert answer.bits_short == -answer.comparison.weight
    assert set(answer.comparison.speaking_against) == {"first_name", "last_name", "birth_date", "mobile"}
    assert answer.pooled.weight == pytest.approx(answer.comparison.weight, abs=1e-9)


def test_two_of_one_household_are_apart_for_what_members_differ_in(recognise, row):
    explained = explain_why(recognise(row("1", **JEAN), row("2", **BRIGITTE)), crm("1"), crm("2"))
    assert not explained.answer.is_together
    assert {"first_name", "birth_date"} <= set(explained.answer.comparison.speaking_against)
    assert explained.answer.comparison.household_weight < -1
    assert "first name (−" in say(explained)


def test_records_without_a_direct_link_are_told_by_their_strongest_chain(recognise, row):
    names = {"first_name": "Jean", "last_name": "Lemercier"}
    lake = recognise(
        row("1", **names, email=JEAN["email"], postcode="69003"),
        row("2", **JEAN),
        row("3", first_name="J.", mobile=JEAN["mobile"], birth_date=JEAN["birth_date"]),
    )
    answer = explain_why(lake, crm("1"), crm("3")).answer
    assert answer.reason == "chain"
    assert [step.comparison.record_id_r for step in answer.path] == [crm("2"), crm("3")]
    weights = [step.tie.weight for step in answer.path]
    assert weights == [step.comparison.stored.match_weight for step in answer.path]
    weakest = ENGLISH.write("bits", min(weights))
    assert f"the weakest of them {weakest} bits" in sum_up_why(answer, ENGLISH)


def test_father_and_son_that_a_third_record_ties_are_divided_by_the_evidence_over_all_pairs(recognise, row):
    son = JEAN | {"birth_date": "1992-07-30", "mobile": "0711223344", "email": "jeannot@free.fr"}
    between = {"first_name": "Jean", "last_name": "Lemercier", "mobile": JEAN["mobile"], "email": son["email"]}
    lake = recognise(row("1", **JEAN), row("2", **son), row("3", **between))
    answer = explain_why(lake, crm("2"), crm("3")).answer
    assert answer.reason == "divided_by_pooled_evidence"
    assert answer.comparison.stored.match_weight > 0, "the two alone would be linked"
    assert answer.pooled.weight <= MERGE_THRESHOLD_BITS
    assert answer.bits_short == pytest.approx(MERGE_THRESHOLD_BITS - answer.pooled.weight)
    assert answer.pooled.profile_pairs == 2
    parts = answer.pooled.prior + sum(field.weight for field in answer.pooled.fields) + answer.pooled.household_weight
    assert parts == pytest.approx(answer.pooled.weight, abs=1e-9)
    chained = explain_why(lake, crm("1"), crm("2")).answer
    assert chained.reason == "divided_by_pooled_evidence"
    assert [step.comparison.record_id_r for step in chained.path] == [crm("3"), crm("2")]


def test_where_too_many_records_hang_together_that_is_the_reason(recognise, row, monkeypatch):
    for module in (connected_components, explain_module):
        monkeypatch.setattr(module, "LARGEST_COMPONENT", 2)
    lake = recognise(
        row("1", **JEAN), row("2", **JEAN | {"city": None}), row("3", first_name="Jean", email=JEAN["email"])
    )
    assert explain_why(lake, crm("1"), crm("3")).answer.reason == "component_too_large"


def test_a_pair_that_no_narrow_key_found_was_never_compared(recognise, row, retailer):
    no_blocks = dict.fromkeys(retailer.model.parameters.largest_blocks, 1)
    model = replace(retailer.model, parameters=replace(retailer.model.parameters, largest_blocks=no_blocks))
    lake = recognise(row("1", **JEAN), row("2", **JEAN | {"city": None}), model=model)
    explained = explain_why(lake, crm("1"), crm("2"))
    assert explained.answer.reason == "never_compared"
    assert explained.answer.comparison.candidacy == "common_key_too_wide"
    assert "e-mail" in explained.answer.comparison.common_keys
    assert explained.answer.bits_short is None


def test_a_human_decision_is_told_with_author_reason_and_date(recognise, row):
    rows = (row("1", **JEAN), row("2", **JEAN), row("3", **STRANGER))
    decisions = decide(
        ("cannot_link", crm("1"), crm("2")), ("must_link", crm("1"), crm("3")), expires_on=date(2027, 1, 31)
    )
    lake = recognise(*rows, decisions=decisions)
    apart, together = (explain_why(lake, crm("1"), crm(other)) for other in "23")
    assert (apart.answer.reason, together.answer.reason) == ("kept_apart_by_decision", "decision")
    for words in ("A. Martin", "seen in the store", "5 January 2026", "31 January 2027"):
        assert words in say(apart)
        assert words in say(together)
    indirect = explain_why(lake, crm("3"), crm("2")).answer
    assert indirect.reason == "kept_apart_by_decision"
    story = explain_how(lake, crm("3"))
    assert [join.tie.rule for join in story.joins] == ["decision"]
    assert [decision.verdict for decision in story.decisive.decisions] == ["must_link"]
    assert not story.decisive.is_only_link


def test_parts_that_people_made_one_joined_by_their_own_evidence_before(recognise, row):
    others = ({"city": None}, {"birth_date": None})
    rows = [row(f"j{number}", **JEAN | other) for number, other in enumerate(others)]
    rows += [row(f"s{number}", **STRANGER | {"postcode": "13001"} | other) for number, other in enumerate(others)]
    lake = recognise(*rows, decisions=decide(("must_link", crm("j0"), crm("s1"))))
    story = explain_how(lake, crm("j1"))
    assert [join.tie.rule for join in story.joins] == ["link", "link", "decision"]
    assert min(join.pooled_weight for join in story.joins[:2]) > 0
    assert (story.joins[2].pooled_weight, story.decisive.number) == (None, 2)
    assert not story.decisive.decisions
    dropped = {(link.record_id_l, link.record_id_r) for link in story.decisive.links}
    left_over = lake.read("identity", "pairs").filter(
        ~pl.concat_list("record_id_l", "record_id_r").is_in([list(pair) for pair in dropped])
    )
    clusters = cluster_records(
        lake.read("identity", "records"),
        left_over,
        load_version(story.model_version, lake),
        lake.read("identity", "decisions"),
    )
    cluster_of = dict(clusters.iter_rows())
    sides = [{cluster_of[record] for record in side} for side in (story.decisive.left, story.decisive.right)]
    assert sides[0].isdisjoint(sides[1])


def test_a_value_that_too_many_names_share_is_shown_and_said_not_to_count(recognise, row):
    names = ("Martin", "Bernard", "Thomas", "Petit", "Robert", "Durand", "Leroy")
    rows = [row(name, first_name="Anne", last_name=name, email="tablette@maison.fr") for name in names]
    explained = explain_why(recognise(*rows), crm("Martin"), crm("Petit"))
    email = next(field for field in explained.answer.comparison.fields if field.field == "email")
    assert (email.value_l, email.key_l, email.weight) == ("tablette@maison.fr", None, 0.0)
    assert email.withdrawn_from == (crm("Martin"), crm("Petit"))
    assert f"Not counted: the e-mail of {crm('Martin')}, {crm('Petit')}" in say(explained)
    assert "Ne compte pas" in say(explained, FRENCH)


def test_two_customers_are_told_by_their_strongest_pair_and_all_pairs(recognise, row):
    lake = recognise(row("1", **JEAN), row("2", **JEAN | {"city": None}), row("3", **BRIGITTE), row("4", **STRANGER))
    ids = dict(lake.read("identity", "customer_ids").iter_rows())
    answer = explain_why(lake, ids[crm("3")], ids[crm("1")]).answer
    weights = {crm(key): explain_why(lake, crm(key), crm("3")).answer.comparison.weight for key in "12"}
    assert answer.comparison.record_id_r == max(weights, key=weights.__getitem__)
    assert answer.pooled.profile_pairs == 2
    assert {side.records for side in answer.sides} == {(crm("3"),), (crm("1"), crm("2"))}


def test_two_ids_of_one_customer_are_told_by_what_each_brought(recognise, row):
    namesake = {"first_name": "Jean", "last_name": "Lemercier", "postcode": "13001", "birth_date": "1980-01-02"}
    before = recognise(row("1", **JEAN), row("2", **namesake)).read("identity", "customer_ids")
    first, second = (dict(before.iter_rows())[crm(key)] for key in "12")
    assert first != second
    lake = recognise(row("1", **JEAN), row("2", **JEAN | {"city": None}))
    for asked in ([first, second], [second, first], [second, crm("1")]):
        answer = explain_why(lake, *asked).answer
        assert answer.reason == "link"
        assert {side.records for side in answer.sides} == {(crm("1"),), (crm("2"),)}
    absorbed = next(old for old in (first, second) if old != explain_how(lake, first).asked.customer_id)
    assert f"{absorbed} is " in say(explain_why(lake, first, second))
    lake = recognise(row("1", **JEAN))
    with pytest.raises(ConfigurationError, match="no record of it is"):
        explain_why(lake, first, crm("1"))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("crm:contacts:1", "crm:contacts:1"), "named twice"),
        (("crm:contacts:1", "crm:contacts:9"), "neither a record"),
        (("cus_nobody", "crm:contacts:1"), "neither a record"),
    ],
)
def test_an_id_that_stands_for_nothing_is_told(recognise, row, asked, words):
    lake = recognise(row("1", **JEAN), row("2", **STRANGER))
    with pytest.raises(ConfigurationError, match=words):
        explain_why(lake, *asked)


def test_a_retired_id_is_told(recognise, row):
    ids = dict(recognise(row("1", **JEAN), row("2", **STRANGER)).read("identity", "customer_ids").iter_rows())
    lake = recognise(row("2", **STRANGER))
    with pytest.raises(ConfigurationError, match="is retired: none of its records is left"):
        explain_how(lake, ids[crm("1")])


def test_pairs_are_explained_by_the_model_that_weighed_them(recognise, row, retailer):
    lake = recognise(row("1", **JEAN), row("2", **JEAN | {"city": None}))
    weight = explain_why(lake, crm("1"), crm("2")).answer.comparison.weight
    newer = replace(retailer.model, version="newer", term_frequencies={})
    save_version(newer, lake, {})
    put_in_force("newer", lake)
    explained = explain_why(lake, crm("1"), crm("2"))
    assert (explained.model_version, explained.answer.comparison.weight) == (retailer.model.version, weight)
    pairs = lake.read("identity", "pairs").with_columns(pl.col("match_weight") + 1e-6)
    lake.write("identity", "pairs", pairs)
    with pytest.raises(ParcoursError, match="no longer gives the weights"):
        explain_why(lake, crm("1"), crm("2"))


def test_what_holds_a_customer_over_records_of_another_is_cut_too(retailer, standardised, row):
    """Whatever the links: without those called decisive no chain is left between the two sides."""
    people = [row(str(number), **JEAN | {"mobile": f"06123456{number:02}"}) for number in range(10)]
    records = standardised(*people)
    ids = records["record_id"].to_list()
    alone = pl.DataFrame({"record_id": ids, "customer_id": ids})
    nothing = pl.DataFrame(schema=["record_id_l", "record_id_r", "match_weight", "found_by"])
    evidence = Evidence(Neighbourhood(records, nothing, alone, no_decisions()), retailer.model)
    evidence.weigh((one, other) for one in range(10) for other in range(10))
    random = np.random.default_rng(5)
    through_others = 0
    for _ in range(60):
        ends = {tuple(sorted(random.choice(10, 2, replace=False).tolist())) for _ in range(random.integers(9, 16))}
        pairs = pl.DataFrame(
            [(ids[one], ids[other], float(random.integers(1, 9)), "e-mail") for one, other in sorted(ends)],
            schema=["record_id_l", "record_id_r", "match_weight", "found_by"],
            orient="row",
        )
        placed = pl.DataFrame({"record_id": ids, "customer_id": [str(place) for place in random.integers(0, 2, 10)]})
        around = Neighbourhood(records, pairs, placed, no_decisions())
        evidence.around = around
        for customer_id, held in around.records_of.items():
            decisive = find_decisive(around, order_joins(evidence, customer_id))
            if decisive is None:
                continue
            assert sorted(decisive.left + decisive.right) == sorted(held)
            gone = {(link.record_id_l, link.record_id_r) for link in decisive.links}
            left_over = pairs.filter(~pl.concat_list("record_id_l", "record_id_r").is_in([list(pair) for pair in gone]))
            number = {record: position for position, record in enumerate(ids)}
            sides = [left_over[column].replace_strict(number).to_numpy() for column in ("record_id_l", "record_id_r")]
            labels = connected_components.find_connected_components(
                10, sides[0].astype(np.int32), sides[1].astype(np.int32)
            )
            reached = [{int(labels[number[record]]) for record in side} for side in (decisive.left, decisive.right)]
            assert reached[0].isdisjoint(reached[1])
            through_others += any(not {*pair} <= set(held) for pair in gone)
            if decisive.is_only_link:
                assert len(gone) == 1
    assert through_others > 10


@pytest.mark.parametrize("language", list_languages())
def test_every_case_and_everything_the_model_declares_has_a_text(language):
    catalogue, fields = read_catalogue(language), declare_fields()
    levels = {level.name for field in fields for level in field.levels}
    joins = {f"join_{rule}" for rule in Rule.__args__}
    assert {f"explanations.{name}" for name in {*Reason.__args__, *Candidacy.__args__, *joins}} <= catalogue.keys()
    named = {
        "field": {field.name for field in fields},
        "level": levels | {*NOT_COMPARED},
        "blocking_key": {*BLOCKING_KEYS},
    }
    for group, declared in named.items():
        place = f"explanations.{group}."
        assert {key.removeprefix(place) for key in catalogue if key.startswith(place)} == declared


def test_what_is_told_of_one_is_told_in_the_singular(recognise, row):
    story = explain_how(recognise(row("1", **JEAN), row("2", **JEAN | {"city": None})), crm("1"))
    assert "2 records, in 1 join." in compose_how(story, ENGLISH).verdict
    assert "2 fiches, réunies en 1 étape." in compose_how(story, FRENCH).verdict


def test_the_terminal_and_the_page_tell_the_same(recognise, row, capsys):
    lake = recognise(row("1", **JEAN), row("2", **JEAN | {"city": None}), row("3", **BRIGITTE), row("4", **STRANGER))
    ids = dict(lake.read("identity", "customer_ids").iter_rows())
    documents = [
        compose_why(explain_why(lake, ids[crm("1")], crm("3")), FRENCH),
        compose_how(explain_how(lake, crm("1")), FRENCH),
    ]
    for document in documents:
        print_document(document)
        printed, page = " ".join(capsys.readouterr().out.split()), html.unescape(render_html(document))
        told = [document.verdict, document.decisive, document.model, *document.notes]
        told += [step.title for section in document.sections for step in section.steps]
        shown = [section.waterfall for section in document.sections]
        shown += [step.waterfall for section in document.sections for step in section.steps]
        for waterfall in filter(None, shown):
            told += [text for part in waterfall.parts if part.is_counted for text in (part.label, part.bits)]
            told += [waterfall.total.bits]
        assert len(told) > 10
        for text in told:
            assert " ".join(text.split()) in printed
            assert text in page


@pytest.mark.parametrize("texts", [ENGLISH, FRENCH], ids=["en", "fr"])
def test_a_page_stands_for_itself_and_shows_values_as_they_are(recognise, row, texts):
    lake = recognise(row("1", **JEAN), row("2", **JEAN | {"address": "12 rue des <script>alert(1)</script> Lilas"}))
    why, how = explain_why(lake, crm("1"), crm("2")), explain_how(lake, crm("1"))
    for page in (render_html(compose_why(why, texts)), render_html(compose_how(how, texts))):
        assert page.startswith("<!doctype html>")
        assert f'<html lang="{texts.language}">' in page
        assert "&lt;" in page
        assert "<script" not in page
        assert re.findall(r"https?://[^\"]*", page.replace("http://www.w3.org/2000/svg", "")) == []
        assert page.count("<svg") == 1
        assert "prefers-color-scheme: dark" in page


def test_values_cannot_send_codes_to_the_terminal(recognise, row, capsys):
    lake = recognise(row("1", **JEAN), row("2", **JEAN | {"address": "12 rue des [red]Lilas\x1b[2J"}))
    print_document(compose_why(explain_why(lake, crm("1"), crm("2")), ENGLISH))
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "[red]" in shown.lower()
