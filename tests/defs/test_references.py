"""References that match nothing, as the night tells them: a warning above one share, a stop above another."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.config.home import Home

NEEDED = (
    "crm", "ecommerce", "pos", "quarantine", "identity/merged_records", "identity/decisions", "identity/records",
    "identity/loyalty_cards",
)  # fmt: skip
SOURCES = """
as_of: 2026-02-28
sources:
  - name: shop
    kind: ecommerce
    connector: {type: files, root: .}
    tables:
      customers: {from: accounts.csv, columns: {account_id: id, updated_at: "'2026-01-05'"}}
      orders:
        from: orders.csv
        columns:
          {order_id: id, account_id: client, channel: "'web'", fulfilment: "'delivery'", status: "'paid'",
           ordered_at: "'2026-01-05'", total_amount: "10", updated_at: "'2026-01-05'"}
"""


@pytest.mark.parametrize(("limits", "passes"), [({"warn": 0.2}, True), ({"warn": 0.2, "stop": 0.4}, False)])
def test_a_share_above_warn_is_told_and_one_above_stop_stops_the_night(
    tmp_path: Path, materialise: Any, limits: dict[str, float], passes: bool
) -> None:
    (tmp_path / "accounts.csv").write_text("id\n17\n18\n")
    (tmp_path / "orders.csv").write_text("id,client\nA,17\nB,18.0\n")
    sources = tmp_path / "sources.yml"
    sources.write_text(yaml.safe_dump(yaml.safe_load(SOURCES) | {"reference_limits": limits}))
    ran = materialise(Home(tmp_path / "home"), sources, *NEEDED)
    checks = {check.check_name: check for check in ran.get_asset_check_evaluations()}
    assert not checks["references_match"].passed
    assert "1 of them would with `account_id:" in (checks["references_match"].description or "")
    assert checks["references_stay_under_the_limit"].passed is passes
    assert ran.success is passes
