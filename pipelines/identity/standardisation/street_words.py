"""What streets are called in short, by language; written out, so that a string distance compares whole words."""

# Those of La Poste's standard NF Z10-011 and those that tills and forms use; with the English ones that are no French
# words, they serve where the language of a country is not among those below.
FRENCH = {
    "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "blvd": "boulevard", "boul": "boulevard",
    "r": "rue", "all": "allee", "allees": "allee", "ch": "chemin", "che": "chemin", "chem": "chemin", "imp": "impasse",
    "pl": "place", "rte": "route", "rt": "route", "sq": "square", "crs": "cours", "fg": "faubourg", "fbg": "faubourg",
    "qu": "quai", "lot": "lotissement", "res": "residence", "bat": "batiment", "apt": "appartement",
    "appt": "appartement", "app": "appartement", "esc": "escalier", "etg": "etage", "zac": "zone", "za": "zone",
    "st": "saint", "ste": "sainte", "gal": "general", "gen": "general", "mal": "marechal", "dr": "docteur",
    "pdt": "president", "pt": "petit", "gd": "grand", "gde": "grande", "cdt": "commandant", "cpt": "capitaine",
    "rd": "road", "str": "street", "ln": "lane", "ct": "court", "cct": "circuit", "cres": "crescent", "dve": "drive",
    "b": "bis", "t": "ter", "q": "quater",
}  # fmt: skip
# United States Postal Service, Publication 28, appendix C; Royal Mail's are among them.
ENGLISH = {
    "aly": "alley", "av": "avenue", "ave": "avenue", "bvd": "boulevard", "blvd": "boulevard", "cir": "circle",
    "cl": "close", "cct": "circuit", "cres": "crescent", "ct": "court", "crt": "court", "cv": "cove", "dve": "drive",
    "expy": "expressway", "gdns": "gardens", "grn": "green", "gr": "grove", "hts": "heights", "hwy": "highway",
    "ln": "lane", "mt": "mount", "pde": "parade", "pkwy": "parkway", "pl": "place", "plz": "plaza", "rd": "road",
    "rte": "route", "sq": "square", "str": "street", "ter": "terrace", "tce": "terrace", "trl": "trail",
    "tpke": "turnpike", "apt": "apartment", "bldg": "building", "fl": "floor", "ste": "suite", "n": "north",
    "s": "south", "e": "east", "w": "west", "ne": "northeast", "nw": "northwest", "se": "southeast", "sw": "southwest",
}  # fmt: skip
GERMAN = {"pl": "platz", "str": "strasse", "st": "sankt", "weg": "weg", "dr": "doktor", "all": "allee"}
DUTCH = {"str": "straat", "ln": "laan", "pl": "plein", "st": "sint", "burg": "burgemeester", "dr": "dokter"}
SPANISH = {
    "c": "calle", "cl": "calle", "av": "avenida", "avd": "avenida", "avda": "avenida", "pza": "plaza", "plza": "plaza",
    "pl": "plaza", "pso": "paseo", "po": "paseo", "ctra": "carretera", "cno": "camino", "trav": "travesia",
    "urb": "urbanizacion", "sta": "santa", "sto": "santo", "dcha": "derecha", "izq": "izquierda", "izda": "izquierda",
}  # fmt: skip
ITALIAN = {
    "v le": "viale", "v": "via", "vle": "viale", "p za": "piazza", "pza": "piazza", "pzza": "piazza", "p zza": "piazza",
    "c so": "corso", "cso": "corso", "l go": "largo", "lgo": "largo", "str": "strada", "s": "san",
}  # fmt: skip
GREEK = {
    "λεωφ": "λεωφορος", "λεωφορου": "λεωφορος", "αγ": "αγιου", "αγιας": "αγιου", "πλ": "πλατεια", "παρ": "παροδος",
    "οδος": "", "οδ": "", "εθν": "εθνικης", "στρ": "στρατηγου", "ελ": "ελευθεριου", "μεγ": "μεγαλου", "αριθ": "",
    "leof": "leoforos", "leoforou": "leoforos", "leofor": "leoforos", "av": "leoforos", "avenue": "leoforos",
    "ag": "agiou", "agias": "agiou", "pl": "plateia", "par": "parodos", "odos": "", "od": "", "str": "", "street": "",
    "ethn": "ethnikis", "el": "eleftheriou", "meg": "megalou",
}  # fmt: skip
POLISH = {
    "ul": "",
    "ulica": "",
    "al": "aleja",
    "aleje": "aleja",
    "os": "osiedle",
    "pl": "plac",
    "m": "",
    "sw": "swietego",
}
CZECH = {"ul": "", "ulice": "", "ulica": "", "nam": "namesti", "namestie": "namesti", "tr": "trida", "sv": "svateho"}
TURKISH = {
    "mah": "mahallesi", "mh": "mahallesi", "mahalle": "mahallesi", "cad": "caddesi", "cd": "caddesi",
    "cadde": "caddesi", "sok": "sokak", "sk": "sokak", "sokagi": "sokak", "blv": "bulvari", "apt": "apartmani",
}  # fmt: skip
CYRILLIC = {
    "ул": "", "улица": "", "вул": "", "вулиця": "", "улиця": "", "бул": "бульвар", "булевард": "бульвар",
    "бульв": "бульвар", "пр": "проспект", "просп": "проспект", "пл": "площадь", "площа": "площадь", "пер": "переулок",
    "ш": "шоссе", "наб": "набережная", "д": "", "дом": "", "буд": "", "кв": "квартира", "ul": "", "ulitsa": "",
    "ulica": "", "vul": "", "bul": "bulvar", "pr": "prospekt", "prosp": "prospekt", "pl": "ploshchad", "kv": "kvartira",
}  # fmt: skip
PORTUGUESE = {
    "r": "rua", "av": "avenida", "pc": "praca", "pca": "praca", "trav": "travessa", "tv": "travessa", "al": "alameda",
    "lg": "largo", "estr": "estrada", "sta": "santa", "sto": "santo",
}  # fmt: skip

_OF_COUNTRIES = {
    "AU CA GB IE NZ US ZA": ENGLISH,
    "AT DE LI": GERMAN,
    "CH LU": {**FRENCH, "str": "strasse"},
    "BE": {**FRENCH, "str": "straat", "ln": "laan"},
    "NL": DUTCH,
    "AR CL CO ES MX PE UY": SPANISH,
    "IT SM VA": ITALIAN,
    "BR PT": PORTUGUESE,
    "CY GR": GREEK,
    "PL": POLISH,
    "CZ SK": CZECH,
    "TR": TURKISH,
    "BG BY KZ MK RS RU UA": CYRILLIC,
}
WORDS = {country: words for countries, words in _OF_COUNTRIES.items() for country in countries.split()}
"""By country (ISO 3166), the short forms and what they stand for (nothing: left out); of the others, FRENCH."""

# "Main St" is a street, "St James St" is one of a saint; "Oak Dr" is a drive.
ENGLISH_ENDINGS = {"st": "street", "dr": "drive"}
ENGLISH_BEHIND = r"(?:(?:apartment|suite|unit|floor|flat|building|room|no|north|south|east|west)\w*\b.*)?"
# One word or two, written out or not: Hauptstr, Haupt Str., Hauptstraße; Kerkstr, Kerkstraat.
JOINED = {
    "AT": "strasse", "CH": "strasse", "DE": "strasse", "LI": "strasse", "LU": "strasse", "BE": "straat", "NL": "straat",
}  # fmt: skip
