"""Firms in the field of surnames: told by the legal form, by who keeps the business, or by what kind of house it is.

Legal forms are those of France, Belgium, Luxembourg, Germany, Austria, Switzerland, Italy, Spain, Greece, the
Netherlands and the English-speaking countries.
"""

import polars as pl

from pipelines.identity.standardisation.names import fold

LEGAL_FORMS = (
    "sarl", "eurl", "sas", "sasu", "sci", "scop", "sca", "scs", "snc", "gie", "eirl", "selarl", "selas", "scea", "gaec",
    "scm", "sprl", "scrl", "asbl", "bvba", "vzw", "cvba", "gmbh", "kgaa", "mbh", "ohg", "gbr", "ggmbh", "srl",
    "srls", "spa", "sapa", "scarl", "slu", "sll", "sau", "scl", "ltd", "limited", "plc", "llp", "llc", "inc", "cic",
    "corp", "pvt", "pty", "επε", "ικε", "αε", "ag", "kg", "ug", "bv", "nv", "sl", "cv", "cb", "ae", "oe",
)  # fmt: skip
"""Whole words, in any case, dots aside, first or last in a name."""

SHORT_LEGAL_FORMS = (
    "SA", "SE", "SC", "CO", "EV", "EK", "EG", "EE", "EPE", "IKE", "EARL", "ΟΕ", "ΕΕ",
)  # fmt: skip
"""Names too, so that they count only in capitals, and last."""

KEPT_BY = (
    r"(?:et|&) (?:fils|filles?|freres?|soeurs?|cie|associes)", r"(?:und|&) (?:sohne?|soehne|sohn|tochter|partner|co)",
    r"(?:and|&) (?:sons?|daughters?|brothers|bros|co|partners)", r"(?:e|&) (?:figli[oa]?|fratelli|soci|c)",
    r"(?:e|y|&) (?:hijos?|hermanos|cia)", r"(?:en|&) (?:zonen?|zoon|zn)", r"(?:και|&) (?:υιος|υιοι|σια)",
    r"(?:freres|hermanos|bros)",
)  # fmt: skip
"""Who keeps a business, folded; last."""

BROTHERS = ("gebruder", "gebr", "gebroeders", "fratelli", "flli", "hermanos", "hnos", "αφοι")
"""The same, first."""

HOUSES = (
    "societe", "ste", "entreprise", "ets", "etablissements", "etablissement", "association", "asso", "mairie",
    "commune", "ecole", "college", "lycee", "hotel", "restaurant", "garage", "pharmacie", "boulangerie", "patisserie",
    "boucherie",
    "cabinet", "brasserie", "coiffure", "fromagerie", "librairie", "fleuriste", "clinique", "syndicat", "agence",
    "imprimerie", "menuiserie", "plomberie", "transports", "comite", "firma", "verein", "backerei", "metzgerei",
    "apotheke", "autohaus", "praxis", "gaststatte", "gasthof", "kanzlei", "schule", "stadt", "gemeinde", "ditta",
    "azienda", "impresa", "ristorante", "trattoria", "farmacia", "panificio", "officina", "studio", "scuola", "comune",
    "empresa", "sociedad", "comercial", "panaderia", "carniceria", "restaurante", "taller", "talleres", "escuela",
    "asociacion", "ayuntamiento", "bakkerij", "slagerij", "apotheek", "vereniging", "gemeente", "bedrijf", "company",
    "bakery", "pharmacy", "school", "council", "garages", "holdings", "services", "consulting", "εταιρεια",
    "εταιρια", "φαρμακειο", "αρτοποιειο", "ξενοδοχειο", "εστιατοριο", "σχολειο", "δημος", "συλλογος",
)  # fmt: skip
"""What kind of house it is: the first or last word, folded."""


def is_firm(name: pl.Expr) -> pl.Expr:
    """Whether a name as shown is a firm's; null where it is null."""
    undotted = name.str.replace_all(r"(\p{L})\.", "${1}").str.strip_chars()
    # A blank on either side of each sign that fold would take away, since it joins who keeps the business.
    folded = fold(undotted.str.replace_all(r"&", " qqq ")).str.replace_all(r"\bqqq\b", "&")
    last, first = "|".join((*LEGAL_FORMS, *HOUSES)), "|".join((*LEGAL_FORMS, *HOUSES, *BROTHERS))
    return (
        folded.str.contains(rf"(?:^(?:{first}) \S)|(?:\S (?:{last})$)|(?:\S (?:{'|'.join(KEPT_BY)})$)")
        | undotted.str.contains(rf"\s(?:{'|'.join(SHORT_LEGAL_FORMS)})$")
        | folded.str.contains(r"\b(?:gmbh|sarl)\b")  # With more behind it: GmbH & Co. KG, SARL au capital.
    )
