"""How far a sensible Splink model alone gets on a generated retailer: the bar that Parcours has to clear.

    python -m benchmarks.bare_splink --customers 50000 --seed 1

Fields are lower-cased, without accents, phones without punctuation; term frequencies on most; u by sampling, m by EM on
three blocking rules; connected components at each threshold, the best of which is chosen by the truth. Nothing
is done about households, shared addresses or placeholders.
"""

import argparse
import time

import polars as pl
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from pipelines.sample.world import World, generate

THRESHOLDS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999)


def flatten(world: World) -> pl.DataFrame:
    """One row per identity-bearing record, with the fields that every kind of record may have."""
    tables = world.tables
    names = ["first_name", "last_name", "email", "phone", "birth_date", "postcode", "city", "address"]
    contacts = tables["crm/contacts"].with_columns(phone=pl.coalesce("mobile", "phone"))
    orders = tables["ecommerce/orders"].filter(pl.col("account_id").is_null())
    tickets = tables["pos/tickets"].filter(pl.col("loyalty_card_id").is_null() & pl.col("receipt_email").is_not_null())
    guests = orders.rename({f"contact_{name}": name for name in names if name != "birth_date"})

    def ids(prefix: str, key: str) -> pl.Expr:
        return (pl.lit(prefix) + pl.col(key)).alias("record_id")

    parts = [
        contacts.select(ids("crm:contacts:", "contact_id"), *names),
        tables["ecommerce/customers"].select(ids("shop:customers:", "account_id"), *names),
        tables["pos/members"].select(ids("till:members:", "member_id"), *names),
        guests.select(ids("shop:orders:", "order_id"), *(name for name in names if name != "birth_date")),
        tickets.select(ids("till:tickets:", "ticket_id"), email="receipt_email"),
    ]
    every = pl.concat(parts, how="diagonal")
    plain = [
        pl.col(name).str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.strip_chars()
        for name in ("first_name", "last_name", "email", "city")
    ]
    digits = pl.col("phone").str.replace_all(r"[^0-9]", "").str.replace(r"^33", "0")
    return every.select("record_id", *plain, digits, "birth_date", "postcode").sort("record_id")


def bare_splink(records: pl.DataFrame, seed: int = 1) -> tuple[Linker, pl.DataFrame]:
    """The scored pairs of ``records``: record_id_l, record_id_r, match_probability; and the trained model."""
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        comparisons=[
            cl.JaroWinklerAtThresholds("first_name", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("last_name", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison("birth_date", input_is_string=False),
            cl.LevenshteinAtThresholds("email", 1).configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("phone", 1).configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("email"),
            block_on("phone"),
            block_on("first_name", "last_name", "postcode"),
            block_on("last_name", "birth_date"),
            block_on("first_name", "birth_date", "postcode"),
            block_on("substr(first_name, 1, 3)", "substr(last_name, 1, 3)", "postcode"),
        ],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )
    api = DuckDBAPI()
    linker = Linker(api.register(records), settings, log_level=None)
    training = linker.training
    training.estimate_probability_two_random_records_match(
        [
            block_on("email", "last_name"),
            block_on("phone", "last_name"),
            block_on("first_name", "last_name", "birth_date"),
        ],
        recall=0.7,
    )
    training.estimate_u_using_random_sampling(max_pairs=4e6, seed=seed)
    for rule in (
        block_on("email"),
        block_on("first_name", "last_name", "postcode"),
        block_on("last_name", "birth_date"),
    ):
        training.estimate_parameters_using_expectation_maximisation(rule)
    pairs = linker.inference.predict(threshold_match_probability=min(THRESHOLDS))
    frame = pl.from_arrow(pairs.as_pyarrow_table())
    assert isinstance(frame, pl.DataFrame)
    return linker, frame.select("record_id_l", "record_id_r", "match_probability")


def connect(records: pl.Series, pairs: pl.DataFrame) -> pl.DataFrame:
    """Connected components: record_id, cluster_id (the smallest record of each)."""
    place = {record: number for number, record in enumerate(records.to_list())}
    parent = list(range(len(place)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for left, right in pairs.select("record_id_l", "record_id_r").iter_rows():
        one, other = root(place[left]), root(place[right])
        if one != other:
            parent[max(one, other)] = min(one, other)
    return pl.DataFrame({"record_id": records, "cluster_id": [root(node) for node in range(len(parent))]})


def score(clusters: pl.DataFrame, truth: pl.DataFrame) -> dict[str, float]:
    """Pairwise and B-cubed precision, recall and F1 of ``clusters`` (record_id, cluster_id) against the truth."""
    both = clusters.join(truth, on="record_id")
    cells = both.group_by("cluster_id", "person_id").len()
    found = both.group_by("cluster_id").len(name="found")
    true = both.group_by("person_id").len(name="true")
    cells = (
        cells.join(found, on="cluster_id")
        .join(true, on="person_id")
        .with_columns(pl.all().exclude("person_id").cast(pl.Float64))
    )
    together, in_clusters, in_people = (
        float((values * (values - 1)).sum())
        for values in (cells["len"], found["found"].cast(pl.Float64), true["true"].cast(pl.Float64))
    )
    precision = float((cells["len"] ** 2 / cells["found"]).sum()) / len(both)
    recall = float((cells["len"] ** 2 / cells["true"]).sum()) / len(both)
    pair_precision, pair_recall = together / max(in_clusters, 1.0), together / max(in_people, 1.0)
    return {
        "pair_precision": pair_precision,
        "pair_recall": pair_recall,
        "pair_f1": 2 * pair_precision * pair_recall / (pair_precision + pair_recall),
        "b3_precision": precision,
        "b3_recall": recall,
        "b3_f1": 2 * precision * recall / (precision + recall),
    }


def sweep(records: pl.DataFrame, truth: pl.DataFrame, seed: int = 1) -> pl.DataFrame:
    """The scores at every threshold."""
    _, pairs = bare_splink(records, seed)
    rows = []
    for threshold in THRESHOLDS:
        clusters = connect(records["record_id"], pairs.filter(pl.col("match_probability") >= threshold))
        rows.append({"threshold": threshold, **score(clusters, truth)})
    return pl.DataFrame(rows)


def measure() -> str:
    """The sweep on 50,000 people as a Markdown table."""
    world = generate(50_000, 730, 1)
    found = sweep(flatten(world), world.truth)
    lines = ["| " + " | ".join(found.columns) + " |", "|---" * len(found.columns) + "|"]
    lines += ["| " + " | ".join(f"{value:.5g}" for value in row) + " |" for row in found.iter_rows()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start = time.perf_counter()
    world = generate(options.customers, options.days, options.seed)
    records = flatten(world)
    print(
        f"{records.height:,} records of {world.truth['person_id'].n_unique():,} people "
        f"in {time.perf_counter() - start:.0f} s"
    )
    start = time.perf_counter()
    with pl.Config(tbl_cols=10, tbl_rows=20, float_precision=4, tbl_width_chars=140):
        print(sweep(records, world.truth, options.seed))
    print(f"trained, scored and clustered in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
