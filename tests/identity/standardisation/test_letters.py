import polars as pl
import pytest

from pipelines.identity.standardisation.letters import spell, write_alike
from pipelines.identity.standardisation.names import fold


@pytest.mark.parametrize(
    ("writing", "written"),
    [
        ("greek", ("Γεώργιος", "ΓΕΩΡΓΙΟΣ", "Georgios", "Gewrgios", "GEORGIOS")),
        ("greek", ("Γιώργος", "Giorgos", "Yiorgos", "Yorgos")),
        ("greek", ("Χατζηδημητρίου", "Chatzidimitriou", "Hatzidimitriou", "Xatzhdhmhtriou")),
        ("greek", ("Δημήτρης", "Dimitris", "Dhmhtrhs")),
        ("greek", ("Σταυρούλα", "Stavroula", "Stafroula")),
        ("greek", ("Αλέξανδρος", "Alexandros", "Aleksandros")),
        ("greek", ("Μπάμπης", "Babis", "Mpampis")),
        ("greek", ("Ευάγγελος", "Evangelos", "Euaggelos", "Evagelos")),
        ("greek", ("Ζωή", "Zoi", "Zwh")),
        ("greek", ("Σπύρος", "Spyros", "Spiros", "Spuros")),
        ("greek", ("Θανάσης", "Thanasis", "Thanassis")),
        ("greek", ("Νίκος", "Nikos", "Nicos")),
        ("cyrillic", ("Юлия", "Yulia", "Yuliya", "Iouliia", "Julija")),
        ("cyrillic", ("Евгений", "Yevgeniy", "Evgeny", "Evgenij")),
        ("cyrillic", ("Щербаков", "Shcherbakov", "Schtscherbakow", "Sherbakov")),
        ("cyrillic", ("Дмитрий", "Dmitry", "Dmitri", "Dmitrij")),
        ("cyrillic", ("Михаил", "Mikhail", "Mihail")),
        ("cyrillic", ("Живковић", "Zhivkovich")),
        ("german", ("Müller", "Mueller", "MUELLER", "Muller")),
        ("german", ("Jörg", "Joerg")),
        ("german", ("Größe", "Groesse")),
        ("nordic", ("Åse Sørensen", "Aase Soerensen")),
    ],
)
def test_one_name_has_one_spelling_however_it_is_written(writing, written):
    spelt = pl.DataFrame({"name": written}).select(spell(fold(pl.col("name")), writing)).to_series()
    assert spelt.n_unique() == 1, spelt.to_list()


@pytest.mark.parametrize(
    ("writing", "names"),
    [
        ("greek", ("Μαρία", "Μάριος", "Μαρίνα", "Δήμητρα", "Δημήτρης", "Ελένη", "Ειρήνη", "Παππάς", "Παπάκης")),
        ("greek", ("Παπαδόπουλος", "Παπαδοπούλου", "Παπαδάκης")),
        ("cyrillic", ("Иванов", "Иванова", "Петров", "Анна", "Алла", "Юлия", "Елена")),
        ("german", ("Müller", "Möller", "Maler", "Meller")),
    ],
)
def test_names_that_differ_to_the_ear_keep_spellings_that_differ(writing, names):
    assert pl.DataFrame({"name": names}).select(spell(fold(pl.col("name")), writing)).to_series().n_unique() == len(
        names
    )


@pytest.mark.parametrize("name", ["Michael", "Manuela", "Joel", "Samuel", "Bauer", "Neuer", "Quelle", "Raphaela"])
def test_a_german_e_of_its_own_stays(name):
    assert pl.select(spell(fold(pl.lit(name)), "german")).item() == name.lower()


def test_only_records_of_the_countries_that_write_in_several_ways_are_rewritten():
    written = pl.DataFrame(
        {
            "region": ["DE", "FR", None, "GR", "FR", "GR"],
            "key": ["mueller", "mueller", "mueller", "γιωργος", "γιωργος", None],
        }
    )
    spelt = write_alike(written, ("key",))
    assert spelt["key"].to_list() == ["muller", "mueller", "mueller", "giorgos", "γιωργος", None]
    assert spelt.columns == written.columns
    assert write_alike(written.filter(pl.col("region") == "FR"), ("key",))["key"].to_list() == ["mueller", "γιωργος"]


@pytest.mark.parametrize("writing", ["german", "nordic", "greek", "cyrillic"])
@pytest.mark.parametrize("text", ["ь", "h", "12", "王伟", "þ"])
def test_a_value_is_never_spelt_away(writing, text):
    assert pl.select(spell(fold(pl.lit(text)), writing)).item()
