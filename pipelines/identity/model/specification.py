"""The comparison fields and levels, and the blocking keys: declarations only, nothing here runs.

A pair of records is judged field by field. Each field has levels, tried in order, the first that holds counts. For
every level three probabilities are learned (``training.train``): how often two records of one person show it (m), two
records of two people of one household (h), and two strangers (u). An agreement on a value weighs by its term frequency.

Why a third class: the usual model of record linkage (Fellegi and Sunter 1969) takes the fields as independent given
match or non-match. Households break that: a couple shares surname, street, landline and often an e-mail at once, so
that a two-class model multiplies four agreements into certainty. As a class of its own, the household expects those
agreements, and what is left to decide is what differs between its members: first name and birth date.
"""

from dataclasses import dataclass, field

CLASSES = ("match", "household")
"""The classes of pairs besides strangers, in the order of parameter arrays."""


@dataclass(frozen=True)
class Level:
    """One outcome of comparing a field.

    ``condition`` is SQL over ``<column>_l`` and ``<column>_r``. ``match`` and ``household`` are prior probabilities:
    they start the estimation and stand in for what too few pairs show. ``is_agreement`` marks the level at which both
    records have the same value, so that its term frequency counts. ``is_neutral``: counted under another field, weighs
    nothing.
    """

    name: str
    condition: str
    match: float
    household: float
    is_agreement: bool = False
    is_neutral: bool = False


@dataclass(frozen=True)
class Field:
    """One comparison. ``column`` holds its values (and term frequencies); ``is_missing`` is SQL for "not comparable".

    ``tells_members_apart``: two people of one household differ in it as strangers do, but for the ``household`` shares
    (namesakes, twins); this is what makes them a class of their own, so it is declared, not learned.
    """

    name: str
    column: str
    is_missing: str
    levels: tuple[Level, ...]
    columns: tuple[str, ...] = field(default=())
    tells_members_apart: bool = False

    @property
    def needed_columns(self) -> tuple[str, ...]:
        return self.columns or (self.column,)


ALIKE = 0.8  # Jaro-Winkler similarity: "Margot" and "Margaux" .85, "Manon" and "Marine" .79.


def _equal(column: str) -> str:
    return f"{column}_l = {column}_r"


def _absent(column: str) -> str:
    return f"({column}_l is null or {column}_r is null)"


def _absent_or_in_two_scripts(column: str) -> str:
    # What is written in two scripts is not different, it cannot be compared. A value without letters has no script.
    script = column.replace("_key", "_script")
    return f"({column}_l is null or {column}_r is null or coalesce({script}_l <> {script}_r, false))"


def _typed_wrong(column: str, edits: int = 1) -> str:
    # Cheapest first. All three count bytes: an edit changes the length by one at most. Two letters exchanged are two
    # edits for Levenshtein, whose distance is had at a tenth of the cost of Damerau's.
    left, right = f"{column}_l", f"{column}_r"
    return (
        f"(abs(strlen({left}) - strlen({right})) <= {edits} and levenshtein({left}, {right}) <= {edits + 1}"
        f" and damerau_levenshtein({left}, {right}) <= {edits})"
    )


def _share_a_word(column: str) -> str:
    # Words are split where one side has several: most names have one.
    left, right = f"{column}_l", f"{column}_r"
    return (
        f"({left} = {right} or ((contains({left}, ' ') or contains({right}, ' '))"
        f" and list_has_any(string_split({left}, ' '), string_split({right}, ' '))))"
    )


def _alike(column: str, similarity: float) -> str:
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {similarity}"


_SWAPPED = (
    "((first_root_l = last_root_r or first_root_r = last_root_l)"
    f" and (first_root_l = last_root_r or jaro_winkler_similarity(first_key_l, last_key_r) >= {ALIKE})"
    f" and (first_root_r = last_root_l or jaro_winkler_similarity(last_key_l, first_key_r) >= {ALIKE}))"
)
# One name only, and it is the other record's surname: nothing is known of the first name, but the surname agrees.
_SURNAME_IN_ITS_PLACE = (
    "((last_key_l is null and first_key_l = last_key_r) or (last_key_r is null and first_key_r = last_key_l))"
)
# "Fred" for Frédérique, "Mél" for Mélanie: three letters, so that initials are not taken for short forms.
_CUT_SHORT = (
    "(least(len(first_key_l), len(first_key_r)) >= 3"
    " and (starts_with(first_key_l, first_key_r) or starts_with(first_key_r, first_key_l)))"
)
_DAY_AND_MONTH_SWAPPED = (
    "(left(birth_key_l, 4) = left(birth_key_r, 4) and substr(birth_key_l, 6, 2) = substr(birth_key_r, 9, 2)"
    " and substr(birth_key_l, 9, 2) = substr(birth_key_r, 6, 2))"
)
_SAME_YEAR = "left(birth_key_l, 4) = left(birth_key_r, 4)"
# A known year with an unknown day is written as its first of January.
_ONLY_THE_YEAR = f"({_SAME_YEAR} and (right(birth_key_l, 5) = '01-01' or right(birth_key_r, 5) = '01-01'))"
_TWO_PARTS = (
    f"(({_SAME_YEAR})::int + (substr(birth_key_l, 6, 2) = substr(birth_key_r, 6, 2))::int"
    " + (substr(birth_key_l, 9, 2) = substr(birth_key_r, 9, 2))::int >= 2)"
)
_A_GENERATION_APART = "abs(left(birth_key_l, 4)::int - left(birth_key_r, 4)::int) >= 15"
# "J", "Jp" or "JP" for Jean-Pierre, "Jp" also where the other record says Jean only.
_INITIAL = "(least(len(first_key_l), len(first_key_r)) <= 2 and left(first_key_l, 1) = left(first_key_r, 1))"
_SAME_USER = "split_part(email_key_l, '@', 1) = split_part(email_key_r, '@', 1)"


def declare_fields() -> tuple[Field, ...]:
    """Every field records can be compared on, with its levels. Fresh objects at each call."""
    return (
        Field(
            "first_name",
            "first_key",
            _absent_or_in_two_scripts("first_key"),
            (
                Level("same", _equal("first_key"), 0.80, 0.01, is_agreement=True),
                Level("swapped with surname", _SWAPPED, 0.02, 0.0002),
                Level("surname in its place", _SURNAME_IN_ITS_PLACE, 0.005, 0.004),
                Level(
                    "short form or one of several",
                    f"(first_root_l = first_root_r or {_share_a_word('first_parts')}"
                    f" or {_share_a_word('first_possible')} or {_CUT_SHORT})",
                    0.05,
                    0.003,
                ),
                Level("initial", _INITIAL, 0.02, 0.002),
                Level("typing error", f"({_alike('first_key', 0.9)} or {_typed_wrong('first_key')})", 0.08, 0.001),
                Level("alike", _alike("first_key", ALIKE), 0.01, 0.005),
                Level("different", "ELSE", 0.02, 0.9788),
            ),
            ("first_key", "first_root", "first_parts", "first_possible", "first_script", "last_key", "last_root"),
            tells_members_apart=True,
        ),
        Field(
            "last_name",
            "last_key",
            _absent_or_in_two_scripts("last_key"),
            (
                Level("same", _equal("last_key"), 0.82, 0.80, is_agreement=True),
                Level("swapped with first name", _SWAPPED, 0.02, 0.02, is_neutral=True),
                Level("one part of a double name", _share_a_word("last_parts"), 0.02, 0.03),
                Level("typing error", f"({_alike('last_key', 0.92)} or {_typed_wrong('last_key')})", 0.09, 0.07),
                Level("alike", _alike("last_key", 0.82), 0.01, 0.01),
                Level("different", "ELSE", 0.04, 0.09),
            ),
            ("first_key", "first_root", "last_key", "last_root", "last_parts", "last_script"),
        ),
        Field(
            "birth_date",
            "birth_key",
            _absent("birth_key"),
            (
                Level("same", _equal("birth_key"), 0.88, 0.015, is_agreement=True),
                Level("day and month swapped", _DAY_AND_MONTH_SWAPPED, 0.02, 0.0003),
                Level("one digit or two swapped", _typed_wrong("birth_key"), 0.05, 0.001),
                Level("year only", _ONLY_THE_YEAR, 0.01, 0.0005),
                Level("two of day, month, year", _TWO_PARTS, 0.01, 0.001),
                Level("same year", _SAME_YEAR, 0.01, 0.02),
                # Nobody mistypes a year by a generation and the day and the month besides: father and son.
                Level("a generation apart", _A_GENERATION_APART, 0.002, 0.0001),
                Level("different", "ELSE", 0.018, 0.9621),
            ),
            tells_members_apart=True,
        ),
        Field(
            "email",
            "email_key",
            _absent("email_key"),
            (
                Level("same", _equal("email_key"), 0.70, 0.20, is_agreement=True),
                Level("same user, other provider", _SAME_USER, 0.05, 0.005),
                Level("typing error", _typed_wrong("email_key"), 0.04, 0.01),
                Level("different", "ELSE", 0.21, 0.785),
            ),
        ),
        Field(
            "mobile",
            "mobile_key",
            _absent("mobile_key"),
            (
                Level("same", _equal("mobile_key"), 0.80, 0.10, is_agreement=True),
                Level("one digit or two swapped", _typed_wrong("mobile_key"), 0.03, 0.005),
                Level("different", "ELSE", 0.17, 0.895),
            ),
        ),
        Field(
            "landline",
            "landline_key",
            _absent("landline_key"),
            (
                Level("same", _equal("landline_key"), 0.80, 0.75, is_agreement=True),
                Level("one digit or two swapped", _typed_wrong("landline_key"), 0.03, 0.03),
                Level("different", "ELSE", 0.17, 0.22),
            ),
        ),
        Field(
            "street",
            "street_key",
            _absent_or_in_two_scripts("street_key"),
            (
                Level("same", _equal("street_key"), 0.70, 0.80, is_agreement=True),
                Level(
                    "typing error or shortened",
                    f"({_alike('street_key', 0.92)} or {_typed_wrong('street_key', 2)}"
                    " or starts_with(street_key_l, street_key_r) or starts_with(street_key_r, street_key_l))",
                    0.12,
                    0.12,
                ),
                Level("different", "ELSE", 0.18, 0.08),
            ),
            ("street_key", "street_script"),
        ),
        Field(
            "locality",
            "postcode_key",
            f"({_absent('postcode_key')} and {_absent_or_in_two_scripts('city_key')})",
            (
                Level("same postcode", _equal("postcode_key"), 0.82, 0.92, is_agreement=True),
                Level("same city", _equal("city_key"), 0.04, 0.02),
                Level("typing error", f"({_typed_wrong('postcode_key')} or {_typed_wrong('city_key')})", 0.04, 0.02),
                Level("same area", "left(postcode_key_l, 2) = left(postcode_key_r, 2)", 0.05, 0.02),
                Level("different", "ELSE", 0.05, 0.02),
            ),
            ("postcode_key", "city_key", "city_script"),
        ),
        Field(
            "loyalty_card",
            "card_key",
            _absent("card_key"),
            (
                Level("same", _equal("card_key"), 0.90, 0.02, is_agreement=True),
                Level("typing error", _typed_wrong("card_key"), 0.04, 0.01),
                Level("different", "ELSE", 0.06, 0.97),
            ),
        ),
        Field(
            "gender",
            "gender_key",
            _absent("gender_key"),
            (
                Level("same", _equal("gender_key"), 0.98, 0.40),
                Level("different", "ELSE", 0.02, 0.60),
            ),
        ),
    )  # fmt: skip


BLOCKING_KEYS: dict[str, str] = {
    # Each is SQL over one record; two records with the same value are candidates. Together they must cover every way in
    # which two records of one person may share something that identifies them. From wide to narrow: on small data the
    # wide ones find everything; on large data their blocks are too large (PAIRS_PER_PROFILE) and narrow ones remain.
    "e-mail": "email_key",
    "mobile": "mobile_key",
    "landline": "landline_key",
    "landline and initial": "landline_key || '|' || left(first_key, 1)",
    "loyalty card": "card_key",
    "full name in any order": "array_to_string(list_sort(string_split(first_root || ' ' || last_root, ' ')), ' ')",
    "start of both names": "left(first_key, 3) || '|' || left(last_key, 4)",
    "birth date": "birth_key",
    "birth date and first name": "birth_key || '|' || left(first_key, 2)",
    "birth date and surname": "birth_key || '|' || left(last_key, 2)",
    "birth date and place": "birth_key || '|' || coalesce(postcode_key, city_key)",
    "postcode and surname": "postcode_key || '|' || left(last_key, 3)",
    "postcode, surname and initial": "postcode_key || '|' || left(last_key, 5) || '|' || left(first_key, 1)",
    "postcode and first name": "postcode_key || '|' || left(first_key, 4)",
    "postcode, first name and initial": "postcode_key || '|' || first_key || '|' || left(last_key, 1)",
    "street and postcode": "street_key || '|' || postcode_key",
    "street, postcode and initial": "street_key || '|' || postcode_key || '|' || left(first_key, 1)",
    "e-mail user": "split_part(email_key, '@', 1)",
    "surname, birth year and city": "left(last_key, 4) || '|' || left(birth_key, 4) || '|' || city_key",
    "first name, birth year and city": "left(first_key, 4) || '|' || left(birth_key, 4) || '|' || city_key",
}

LARGEST_BLOCK = 500
"""Profiles that may share a blocking key. A larger block is a common value, not a person: it costs the square of its
size in pairs and proves nothing that a narrower key would not show."""

PAIRS_PER_PROFILE = 2.0
"""Pairs that one blocking key may yield for each profile. Where it would yield more, its largest blocks are left out,
so that work grows with the number of records, not with its square; the limits are learned and frozen with a version."""

ALLOWANCES = {
    # Held by few: a large block is one busy person's, since values that many names share are withdrawn beforehand.
    "e-mail": 5.0, "mobile": 5.0, "loyalty card": 5.0,
    # Held by many, and each followed by a narrower key that finds on large data what these no longer may.
    "start of both names": 0.25, "birth date": 0.25, "postcode and surname": 0.25, "postcode and first name": 0.25,
}  # fmt: skip
"""How many times PAIRS_PER_PROFILE a key may yield, where that is not once."""

PAIRS_ALWAYS_ALLOWED = 200_000
"""Pairs that one blocking key may yield however few the profiles: seconds of work, and no match missed."""


def blocking_column(position: int) -> str:
    return f"block_{position}"
