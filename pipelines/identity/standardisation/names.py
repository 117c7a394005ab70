"""First names and surnames: match keys to compare, and names for display; civility."""

import polars as pl

# Removed only in front of a name, never as the whole of it: "M. Martin" is Martin, "Me" alone stays.
MALE_HONORIFICS = ("m", "mr", "monsieur", "mister", "sir", "herr", "senor")
FEMALE_HONORIFICS = ("mme", "mlle", "mle", "madame", "mademoiselle", "mrs", "ms", "miss", "frau", "senora")
OTHER_HONORIFICS = ("dr", "docteur", "doctor", "pr", "prof", "professeur", "me", "maitre", "m et mme")
_ANY = "|".join(sorted((*MALE_HONORIFICS, *FEMALE_HONORIFICS, *OTHER_HONORIFICS), key=len, reverse=True))
LEADING_HONORIFICS = rf"^(?:(?:{_ANY})(?:\.\s*|\s+))+(?P<rest>\S.*)$"

# Words between two surnames that say how the second came about; both surnames count.
MARRIAGE_WORDS = r"\b(?:nee?|epouse|epse|ep|veuve|vve|usage)\b"

# "Le Gall" and "Legall" are one spelling; the nobiliary "de" comes and goes between two tills.
_GLUED = (
    "le|la|les|du|des|vander|vanden|vonder|van|von|den|der|ter|di|da|del|della|el|al|ben|bel|mac|mc|saint|sainte|st|ste"
)
GLUED_PARTICLES = rf"\b({_GLUED}) (\w)"
DROPPED_PARTICLES = r"\b(?:de|d) (\w)"

CIVILITIES = {
    **dict.fromkeys((*MALE_HONORIFICS, "h", "homme", "male", "masculin", "man"), "m"),
    **dict.fromkeys((*FEMALE_HONORIFICS, "f", "femme", "female", "feminin", "woman"), "f"),
}

# Short forms whose spelling is too far from the full name for a string distance. One direction is enough: both sides
# are replaced before they are compared.
SHORT_FORMS = {
    # French
    "alex": "alexandre", "benj": "benjamin", "cath": "catherine", "chris": "christophe", "domi": "dominique",
    "fred": "frederic", "fredo": "frederic", "gaby": "gabriel", "gege": "gerard", "greg": "gregory", "jojo": "joseph",
    "juju": "julien", "jef": "jean francois", "jc": "jean claude", "jp": "jean pierre", "jm": "jean michel",
    "jl": "jean luc", "jb": "jean baptiste", "jf": "jean francois", "jj": "jean jacques", "manu": "emmanuel",
    "max": "maxime", "mimi": "michele", "momo": "mohamed", "nico": "nicolas", "pat": "patrick", "phil": "philippe",
    "sandra": "alexandra", "seb": "sebastien", "steph": "stephane", "sylvie": "sylvie", "theo": "theodore",
    "titi": "thierry", "tom": "thomas", "toto": "antoine", "val": "valerie", "vero": "veronique", "vince": "vincent",
    "xav": "xavier", "zaza": "isabelle", "isa": "isabelle", "babeth": "elisabeth", "beth": "elisabeth",
    "lili": "elisabeth", "lise": "elisabeth", "nath": "nathalie", "sof": "sophie", "clem": "clement", "ben": "benjamin",
    # English
    "abby": "abigail", "al": "albert", "andy": "andrew", "annie": "ann", "bill": "william", "billy": "william",
    "will": "william", "willie": "william", "bob": "robert", "bobby": "robert", "rob": "robert", "bert": "albert",
    "charlie": "charles", "dan": "daniel", "dave": "david", "dick": "richard", "rick": "richard", "ed": "edward",
    "eddie": "edward", "ned": "edward", "ted": "edward", "eliza": "elizabeth", "lizzie": "elizabeth",
    "betty": "elizabeth", "bessie": "elizabeth", "fanny": "frances", "frank": "francis", "geo": "george",
    "hal": "henry", "harry": "henry", "jack": "john", "jim": "james", "jimmy": "james", "joe": "joseph",
    "johnny": "john", "kate": "katherine", "kitty": "katherine", "ken": "kenneth", "larry": "lawrence",
    "maggie": "margaret", "meg": "margaret", "peggy": "margaret", "matt": "matthew", "mike": "michael",
    "molly": "mary", "polly": "mary", "nancy": "ann", "nell": "helen", "nick": "nicholas", "pete": "peter",
    "sally": "sarah", "sam": "samuel", "steve": "stephen", "sue": "susan", "tony": "anthony", "wm": "william",
}  # fmt: skip


def fold(text: pl.Expr) -> pl.Expr:
    """Lower case, no accents or ligatures, and a single space for everything that is neither letter nor digit."""
    return (
        text.str.to_lowercase()
        .str.normalize("NFKD")
        .str.replace_all(r"\p{M}", "")
        .str.replace_many(["œ", "æ", "ø", "ł", "đ", "ß", "’"], ["oe", "ae", "o", "l", "d", "ss", " "])
        .str.replace_all(r"[^\p{L}\p{N}]+", " ")
        .str.strip_chars()
    )


def fold_name(text: pl.Expr) -> pl.Expr:
    """A name's letters, folded, without a leading honorific; null where nothing is left."""
    unaccented = text.str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.strip_chars()
    folded = fold(unaccented.str.replace(LEADING_HONORIFICS, "${rest}")).str.replace_all(r"\d+", "").str.strip_chars()
    return _null_if_empty(folded)


def civility_in_name(text: pl.Expr) -> pl.Expr:
    """`m` or `f` where a name starts with an honorific of one gender, else null."""
    folded = text.str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    honorific = folded.str.extract(rf"^\s*({'|'.join((*MALE_HONORIFICS, *FEMALE_HONORIFICS))})(?:\.|\s)\s*\S", 1)
    return honorific.replace_strict(CIVILITIES, default=None, return_dtype=pl.String)


def read_civility(text: pl.Expr) -> pl.Expr:
    """`m`, `f` or null for what a source calls civility, title, gender or sex."""
    return fold(text).replace_strict(CIVILITIES, default=None, return_dtype=pl.String)


def first_name_key(text: pl.Expr) -> pl.Expr:
    """The comparable first name: `jean pierre` for `M. Jean-Pierre`, `jp` for `J.-P.`."""
    return fold_name(text).str.replace(r"^(\p{L}) (\p{L})$", "${1}${2}")


def first_name_root(key: pl.Expr) -> pl.Expr:
    """The first of several first names, with short forms in full: `jean` for `jean pierre`, `william` for `bill`."""
    opened = key.replace(list(SHORT_FORMS), list(SHORT_FORMS.values()))
    return opened.str.extract(r"^(\S+)", 1)


def last_name_key(text: pl.Expr) -> pl.Expr:
    """The comparable surname: particles joined or dropped, double names in two words: `legall`, `tour martin`."""
    words = fold_name(text).str.replace_all(MARRIAGE_WORDS, " ").str.replace_all(r"\s+", " ").str.strip_chars()
    without_de = words.str.replace_all(DROPPED_PARTICLES, "${1}")
    # Twice, for two particles in a row ("de la Tour" is already "la tour" here, "van der Berg" is not).
    glued = without_de.str.replace_all(GLUED_PARTICLES, "${1}${2}").str.replace_all(GLUED_PARTICLES, "${1}${2}")
    return _null_if_empty(glued)


def display_name(text: pl.Expr) -> pl.Expr:
    """A name for display: no honorific, single spaces, and proper case where it was all upper or all lower case."""
    trimmed = text.str.replace_all(r"\s+", " ").str.strip_chars()
    bare = trimmed.str.replace(f"(?i){LEADING_HONORIFICS}", "${rest}")
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


def _null_if_empty(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.len_chars() > 0).then(text)
