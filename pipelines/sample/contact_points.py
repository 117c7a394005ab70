"""E-mail addresses and mobile numbers of people: their own, a former one, one at work, and those they share."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.sample.columns import Bools, Ints, choose, pick, weighted
from pipelines.sample.households import CHILD, LOOKBACK_DAYS, PARTNER, People
from pipelines.sample.names import draw_surnames

SHARES_EMAIL = 0.26  # of partners: they give the other's address, mostly.
CHILD_SHARES_EMAIL = 0.35  # of children under 22.
SHARES_MOBILE = 0.08  # of partners and children.
CHANGED_EMAIL = 0.09
CHANGED_MOBILE = 0.05
WORK_EMAIL = 0.06

PROVIDERS = {  # Weight among people born before 1960, and after.
    "gmail.com": (24, 50),
    "orange.fr": (24, 8),
    "wanadoo.fr": (14, 2),
    "hotmail.fr": (6, 11),
    "hotmail.com": (2, 5),
    "outlook.fr": (3, 6),
    "yahoo.fr": (8, 8),
    "free.fr": (9, 5),
    "sfr.fr": (5, 4),
    "laposte.net": (5, 4),
    "live.fr": (2, 5),
    "icloud.com": (1, 5),
    "neuf.fr": (2, 1),
    "bbox.fr": (2, 1),
    "gmx.fr": (1, 1),
    "protonmail.com": (0, 1),
}
TRADES = (
    "conseil",
    "industrie",
    "transports",
    "immobilier",
    "avocats",
    "batiment",
    "sante",
    "informatique",
    "assurances",
)


@dataclass(frozen=True)
class ContactPoints:
    """What each person can be reached at. Numbers are nine digits (``612345678``); -1 and null where there is none.

    ``email_owner`` and ``mobile_owner`` say whose address or number a person gives: mostly their own.
    """

    email: pl.Series
    former_email: pl.Series
    email_changed_day: Ints
    work_email: pl.Series
    email_owner: Ints
    mobile: Ints
    former_mobile: Ints
    mobile_changed_day: Ints
    mobile_owner: Ints


def draw_contact_points(rng: np.random.Generator, people: People, as_of: int) -> ContactPoints:
    size = len(people)
    email = _distinct(_draw_emails(rng, people))
    former = _distinct(_draw_emails(rng, people), taken=email)
    everyone = np.arange(size)
    age = 2026 - people.birth_year()
    is_partner = people.role == PARTNER
    is_young = (people.role >= CHILD) & (age < 22)
    draw = rng.random(size)
    shares_email = (is_partner & (draw < SHARES_EMAIL)) | (is_young & (draw < CHILD_SHARES_EMAIL))
    shares_mobile = (people.role >= PARTNER) & (rng.random(size) < SHARES_MOBILE)
    email_changed = rng.random(size) < CHANGED_EMAIL
    mobile_changed = rng.random(size) < CHANGED_MOBILE
    works = rng.random(size) < WORK_EMAIL
    mobile = _draw_mobiles(rng, size)
    return ContactPoints(
        email=email,
        former_email=choose(email_changed, former, email),
        email_changed_day=np.where(email_changed, as_of - 20 - rng.integers(0, LOOKBACK_DAYS, size), -1),
        work_email=_draw_work_emails(rng, people, works),
        email_owner=np.where(shares_email, people.partner, everyone),
        mobile=mobile,
        former_mobile=np.where(mobile_changed, _draw_mobiles(rng, size), mobile),
        mobile_changed_day=np.where(mobile_changed, as_of - 20 - rng.integers(0, LOOKBACK_DAYS, size), -1),
        mobile_owner=np.where(shares_mobile, people.partner, everyone),
    )


def fold(text: pl.Series) -> pl.Series:
    """Lower case, without accents."""
    return text.str.to_lowercase().str.replace_all("œ", "oe").str.normalize("NFKD").str.replace_all(r"\p{M}", "")


def _draw_emails(rng: np.random.Generator, people: People) -> pl.Series:
    size = len(people)
    first = fold(people.first_name).str.replace_all("[^a-z-]", "")
    last = fold(people.last_name).str.replace_all("[^a-z]", "")
    year = pl.Series(people.birth_year())
    number = pl.Series(rng.integers(1, 100, size)).cast(pl.String)
    nicks = (Path(__file__).parent / "pseudonyms.txt").read_text(encoding="utf-8").split()
    pattern = weighted(rng, [34, 13, 8, 9, 4, 12, 8, 12], size)
    frame = pl.DataFrame(
        {
            "pattern": pattern,
            "first": first,
            "last": last,
            "year": (year % 100).cast(pl.String).str.zfill(2),
            "number": number,
            "pseudonym": pick(nicks, rng.integers(0, len(nicks), size)),
            "department": pl.Series(people.homes.commune[people.household] % 95 + 1).cast(pl.String).str.zfill(2),
        }
    )
    first_text, last_text = pl.col("first"), pl.col("last")
    bare = first_text.str.replace_all("-", "")
    shapes = [
        first_text + "." + last_text,
        bare + last_text,
        last_text + "." + first_text,
        first_text.str.head(1) + "." + last_text,
        bare + "_" + last_text,
        first_text + "." + last_text + pl.col("year"),
        bare + pl.col("number") + last_text.str.head(1),
        pl.col("pseudonym") + pl.col("department") + pl.col("number"),
    ]
    local = pl.coalesce(pl.when(pl.col("pattern") == place).then(shape) for place, shape in enumerate(shapes))
    local_part = frame.select(local).to_series()
    names = list(PROVIDERS)
    old = people.birth_year() < 1960
    provider = np.where(
        old,
        weighted(rng, [before for before, _ in PROVIDERS.values()], size),
        weighted(rng, [after for _, after in PROVIDERS.values()], size),
    )
    return pl.select(local_part + pl.lit("@") + pick(names, provider)).to_series()


def _distinct(emails: pl.Series, taken: pl.Series | None = None) -> pl.Series:
    """A number added to every address that an earlier person already has, as providers force people to do."""
    before = 0 if taken is None else len(taken)
    every = emails if taken is None else pl.concat([taken, emails])
    frame = pl.DataFrame({"email": every}).with_columns(rank=pl.int_range(pl.len()).over("email"))
    numbered = frame.select(
        pl.when(pl.col("rank") == 0)
        .then(pl.col("email"))
        .otherwise(
            pl.col("email").str.split("@").list.first()
            + (pl.col("rank") * 7 + 3).cast(pl.String)
            + "@"
            + pl.col("email").str.split("@").list.last()
        )
    ).to_series()
    return numbered.slice(before)


def _draw_work_emails(rng: np.random.Generator, people: People, works: Bools) -> pl.Series:
    size = len(people)
    firms = max(20, size // 60)
    firm_name = fold(draw_surnames(rng, firms)).str.replace_all("[^a-z]", "")
    firm = pl.select(
        firm_name + pl.lit("-") + pick(TRADES, rng.integers(0, len(TRADES), firms)) + pl.lit(".fr")
    ).to_series()
    first = fold(people.first_name).str.replace_all("[^a-z-]", "")
    last = fold(people.last_name).str.replace_all("[^a-z]", "")
    every = pl.select(first + pl.lit(".") + last + pl.lit("@") + firm.gather(rng.integers(0, firms, size))).to_series()
    return pl.select(pl.when(pl.Series(works)).then(every)).to_series()


def _draw_mobiles(rng: np.random.Generator, size: int) -> Ints:
    """Nine digits of a valid French mobile: 6 then 0, 1, 2, 4 to 8, or 7 then 3 to 9 (ARCEP's numbering plan)."""
    six = np.array([60, 61, 62, 64, 65, 66, 67, 68])[rng.integers(0, 8, size)]
    seven = 73 + rng.integers(0, 7, size)
    opening = np.where(rng.random(size) < 0.78, six, seven)
    found: Ints = opening * 10**7 + rng.integers(0, 10**7, size)
    return found
