"""Where the parts of this repository lie that are no Python package."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DBT_PROJECT = REPOSITORY / "dbt_project"
BUNDLED_SAMPLE = REPOSITORY / "data" / "sample" / "sources.yml"
