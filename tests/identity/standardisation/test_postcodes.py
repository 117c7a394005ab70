import polars as pl
import pytest

from pipelines.identity.standardisation.postcodes import display_postcode, postcode_key


@pytest.mark.parametrize(
    ("country", "written", "key", "shown"),
    [
        ("FR", "1000", "01000", "01000"), ("FR", "75001.0", "75001", "75001"), ("FR", "1000,0", "01000", "01000"),
        ("FR", "'69001", "69001", "69001"), ("FR", "F-75001", "75001", "F-75001"), ("FR", "75 002", "75002", "75 002"),
        ("FR", "750", "750", "750"), ("FR", "N14 4AL", "N144AL", "N14 4AL"),
        ("DE", "1067", "01067", "01067"), ("ES", "8001", "08001", "08001"), ("IT", "118", "00118", "00118"),
        ("BE", "1000", "1000", "1000"), ("CH", "CH-1204", "1204", "CH-1204"), ("AT", "1010", "1010", "1010"),
        ("DK", "2100", "2100", "2100"), ("LU", "L-1234", "1234", "L-1234"), ("NO", "150", "0150", "0150"),
        ("AU", "800", "0800", "0800"), ("NL", "1234 ab", "1234AB", "1234 AB"),
        ("GB", "sw1a 2aa", "SW1A2AA", "SW1A 2AA"),
        ("US", "62701-1234", "62701", "62701-1234"), ("US", "627011234", "62701", "627011234"),
        ("US", "501", "00501", "00501"), ("US", "2134", "02134", "02134"), ("CA", "k1a 0b1", "K1A0B1", "K1A 0B1"),
        ("PT", "1100-048", "1100048", "1100-048"), ("PL", "950", "00950", "00950"),
        ("BR", "1310100", "01310100", "01310100"),
        (None, "1000", "1000", "1000"), ("FR", " ", None, None), ("FR", None, None, None),
    ],
)  # fmt: skip
def test_a_postcode_is_read_as_its_country_writes_it(country, written, key, shown):
    given = pl.DataFrame({"text": [written], "country": [country]}, schema={"text": pl.String, "country": pl.String})
    keyed = given.select("text", postcode_key(pl.col("text"), pl.col("country")).alias("key"))
    assert keyed["key"].item() == key
    assert keyed.select(display_postcode(pl.col("text"), pl.col("key"))).item() == shown
