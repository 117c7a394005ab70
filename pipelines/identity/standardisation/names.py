"""First names and surnames: match keys to compare, and names for display; civility."""

import polars as pl

# Removed only in front of a name, never as the whole of it: "M. Martin" is Martin, "Me" alone stays.
MALE_HONORIFICS = (
    "m",
    "mr",
    "monsieur",
    "mister",
    "sir",
    "herr",
    "hr",
    "senor",
    "sr",
    "signor",
    "sig",
    "dhr",
    "de heer",
    "meneer",
    "senhor",
)
FEMALE_HONORIFICS = (
    "mme", "mlle", "mle", "madame", "mademoiselle", "mrs", "ms", "miss", "frau", "senora", "sra", "srta", "signora",
    "sigra", "mevr", "mevrouw", "senhora",
)  # fmt: skip
OTHER_HONORIFICS = ("dr", "docteur", "doctor", "pr", "prof", "professeur", "me", "maitre")
# Said of a couple or a family: no person's title, and of no gender.
HOUSEHOLDS = ("famille", "familie", "fam", "epoux", "eheleute", "familia", "famiglia", "mesdames", "messieurs")
# Nobody's first name, so that as the whole of one they are a title too: "Madame", "Durand".
ONLY_TITLES = (
    "monsieur", "mister", "mr", "mme", "mlle", "madame", "mademoiselle", "mrs", "herr", "frau", "senora", "signora",
    "meneer", "mevrouw", "senhora", "docteur",
)  # fmt: skip


def _any_of(*words: str) -> str:
    """A pattern of the words, with or without accents."""
    longest_first = "|".join(sorted(words, key=len, reverse=True))
    longest_first = longest_first.replace("sigra", r"sig\.?ra").replace(" ", r"\s+")
    return longest_first.replace("senor", "se[nñ]or").replace("maitre", "ma[iî]tre").replace("epoux", "[eé]poux")


_ANY = _any_of(*MALE_HONORIFICS, *FEMALE_HONORIFICS, *OTHER_HONORIFICS)
_AND = r"\.?\s*(?:[&+/,]|\b(?:et|and|und|e|y|en|og|och|i|ou|or|oder)\b)\s*"
# "M. et Mme", "Mr & Mrs", "Herr und Frau", "Sr. y Sra.", "M./Mme", "Monsieur Madame". Not "Mme M.": an initial.
_BOTH = "|".join(
    (
        rf"(?:{_ANY}){_AND}(?:{_ANY})",
        rf"(?:{_any_of(*MALE_HONORIFICS)})\.?\s+(?:{_any_of(*FEMALE_HONORIFICS)})",
        rf"(?:{_any_of(*FEMALE_HONORIFICS)})\.?\s+(?:{_any_of(*MALE_HONORIFICS[1:])})",
    )
)
JOINT_TITLE = rf"(?:{_BOTH}|{_any_of(*HOUSEHOLDS)})"
LEADING_HONORIFICS = rf"^(?:(?:{JOINT_TITLE}|{_ANY})(?:\.\s*|\s+))+(?P<rest>\S.*)$"
ONLY_A_JOINT_TITLE = rf"^(?:{_BOTH})\.?$"
NO_FIRST_NAME = rf"^(?:{_any_of(*ONLY_TITLES, *HOUSEHOLDS)}|m\.)\.?$"

# Words that say how the second of two surnames came about; both count. The first or only word is a surname: Ep, Nee.
MARRIAGE_WORDS = r"(\w) (?:nee?|epouse|epse|ep|veuve|vve|usage) (\w)"
LEADING_MARRIAGE_WORDS = r"^(?:nee|epouse|epse|veuve|vve) (\w)"

# Surnames that forms, tills and programs also write for "none". Beside a first name, written as a person writes them,
# they are shown; they are not compared, since they rarely are anybody's. NULL and nan are how programs write nothing.
SURNAMES_THAT_SAY_NONE = (
    "Sans", "SANS", "sans", "Null", "Na", "Nan", "Test", "Passage", "PASSAGE", "Guest", "GUEST", "Divers", "Comptoir",
    "Client", "Nombre", "Nome",
)  # fmt: skip

# "Le Gall" and "Legall" are one spelling; the nobiliary "de" comes and goes between two tills.
PARTICLES = (
    "le|la|les|du|des|vander|vanden|vonder|van|von|den|der|ter|di|da|del|della|el|al|ben|bel|mac|mc|saint|sainte|st|ste"
)
GLUED_PARTICLES = rf"\b({PARTICLES}) (\w)"
DROPPED_PARTICLES = r"\b(?:de|d) (\w)"

# Read in a column of titles or genders only: in front of a name they may be a part of it.
MALE_WORDS = (
    "h", "homme", "male", "masculin", "man", "mann", "mannlich", "maennlich", "hombre", "masculino", "varon", "uomo",
    "maschio", "maschile", "homem", "heer", "mannelijk", "pan", "mezczyzna", "muz", "kyrios", "κυριος", "κος", "ανδρας",
    "αρρεν", "αρσενικο", "господин", "г н", "м", "муж", "мужской", "пан", "чоловік", "bay", "erkek", "herra", "mand",
)  # fmt: skip
FEMALE_WORDS = (
    "sig ra", "sig.ra", "f", "femme", "female", "feminin", "woman", "w", "weiblich", "mujer", "femenino", "hembra",
    "donna", "femmina", "femminile", "mulher", "feminino", "vrouw", "vrouwelijk", "pani", "kobieta", "zena", "kyria",
    "κυρια", "κα", "δις", "δεσποινις", "γυναικα", "θηλυ", "θηλυκο", "госпожа", "г жа", "ж", "жен", "женский", "пані",
    "жінка", "bayan", "kadin", "rouva", "fru", "kvinde", "kvinna", "kvinne",
)  # fmt: skip
CIVILITIES = {
    **dict.fromkeys((*MALE_HONORIFICS, *MALE_WORDS), "m"),
    **dict.fromkeys((*FEMALE_HONORIFICS, *FEMALE_WORDS), "f"),
}


def fold(text: pl.Expr) -> pl.Expr:
    """Lower case, no accents or ligatures, and a single space for everything that is neither letter nor digit."""
    return (
        text.str.to_lowercase()
        .str.normalize("NFKD")
        .str.replace_all(r"\p{M}", "")
        .str.replace_many(
            ["œ", "æ", "ø", "ł", "đ", "ß", "ı", "þ", "ð", "’"], ["oe", "ae", "o", "l", "d", "ss", "i", "th", "d", " "]
        )
        .str.replace_all(r"[^\p{L}\p{N}]+", " ")
        .str.strip_chars()
    )


def fold_name(text: pl.Expr) -> pl.Expr:
    """A name's letters, folded, without a leading honorific or a couple's title; null where nothing is left."""
    unaccented = text.str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.strip_chars()
    bare = unaccented.str.replace(ONLY_A_JOINT_TITLE, "").str.replace(LEADING_HONORIFICS, "${rest}")
    return _null_if_empty(fold(bare).str.replace_all(r"\d+", "").str.strip_chars())


def civility_in_name(text: pl.Expr) -> pl.Expr:
    """`m` or `f` where a name starts with an honorific of one gender, else null."""
    folded = text.str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    honorific = folded.str.extract(rf"^\s*({'|'.join((*MALE_HONORIFICS, *FEMALE_HONORIFICS))})(?:\.|\s)\s*\S", 1)
    return pl.when(~is_of_household(text)).then(
        honorific.replace_strict(CIVILITIES, default=None, return_dtype=pl.String)
    )


def is_of_household(text: pl.Expr) -> pl.Expr:
    """Whether a name starts with the title of a couple or a family."""
    folded = text.str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    return folded.str.contains(rf"^\s*{JOINT_TITLE}(?:\.|\s|$)")


def civility_in_first_name(text: pl.Expr) -> pl.Expr:
    """The same for a first name, which may be no more than the honorific."""
    return pl.coalesce(civility_in_name(text), pl.when(_is_mere_title(text)).then(read_civility(text)))


def _is_mere_title(text: pl.Expr) -> pl.Expr:
    unaccented = text.str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.strip_chars()
    return unaccented.str.contains(NO_FIRST_NAME)


def read_civility(text: pl.Expr) -> pl.Expr:
    """`m`, `f` or null for what a source calls civility, title, gender or sex."""
    return fold(text).replace_strict(CIVILITIES, default=None, return_dtype=pl.String)


def first_name_key(text: pl.Expr) -> pl.Expr:
    """The comparable first name: `jean pierre` for `M. Jean-Pierre`, `jp` for `J.-P.`; null for a mere title."""
    key = fold_name(text).str.replace(r"^(\p{L}) (\p{L})$", "${1}${2}")
    return pl.when(~_is_mere_title(text)).then(key)


def last_name_key(text: pl.Expr) -> pl.Expr:
    """The comparable surname: particles joined or dropped, double names in two words: `legall`, `tour martin`."""
    words = fold_name(text).str.replace_all(r"\s+", " ")
    both = words.str.replace_all(MARRIAGE_WORDS, "${1} ${2}").str.replace(LEADING_MARRIAGE_WORDS, "${1}")
    without_de = both.str.replace_all(DROPPED_PARTICLES, "${1}")
    # Twice, for two particles in a row ("de la Tour" is already "la tour" here, "van der Berg" is not).
    glued = without_de.str.replace_all(GLUED_PARTICLES, "${1}${2}").str.replace_all(GLUED_PARTICLES, "${1}${2}")
    return _null_if_empty(glued)


def display_name(text: pl.Expr) -> pl.Expr:
    """A name for display: no honorific, single spaces, and proper case where it was all upper or all lower case."""
    trimmed = text.str.replace_all(r"\s+", " ").str.strip_chars()
    bare = trimmed.str.replace(f"(?i){ONLY_A_JOINT_TITLE}", "").str.replace(f"(?i){LEADING_HONORIFICS}", "${rest}")
    shouted = (bare == bare.str.to_uppercase()) | (bare == bare.str.to_lowercase())
    titled = bare.str.to_titlecase().str.replace_all(r"\b(De|Du|Des)\b ", "${1} ")
    lowered = (
        titled.str.replace_many(
            [" De ", " Du ", " Des ", " D'", " La ", " Le "], [" de ", " du ", " des ", " d'", " la ", " le "]
        )
        .str.replace(r"^De ", "de ")
        .str.replace(r"^D'", "d'")
    )
    return _null_if_empty(pl.when(shouted).then(lowered).otherwise(bare))


def keep_surnames_that_say_none(records: pl.DataFrame) -> pl.DataFrame:
    """``records`` with ``last_name`` shown again where it says none only to programs, beside a first name.

    ``last_shown`` is the surname for display before placeholders were removed, ``says_none`` whether it is written as
    one of :data:`SURNAMES_THAT_SAY_NONE`.
    """
    is_theirs = pl.col("says_none").fill_null(False) & pl.col("first_name").is_not_null()
    return records.with_columns(
        pl.when(is_theirs).then(pl.col("last_shown")).otherwise(pl.col("last_name")).alias("last_name")
    )


def _null_if_empty(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.len_chars() > 0).then(text)
