from dataclasses import replace

import duckdb
import numpy as np
import pytest

from pipelines.identity.model.calibration import Calibration
from pipelines.identity.model.registry import (
    ModelVersion,
    is_as_named,
    name_version,
    read_parameters,
    read_version,
    save_version,
)
from pipelines.identity.training.default_parameters import read_default_parameters
from pipelines.lake.tables import Lake

CURVE = Calibration((-6.0, -2.0, -1.5, 0.0, 4.0), (-4.0, -3.999, 0.5, 0.501, 9.0))
WEIGHTS = np.array([-2000.0, -40.0, -6.0, -5.5, -2.0, -1.9, -1.5, -0.7, 0.0, 0.1, 4.0, 4.5, 60.0, 2000.0])


def test_a_weight_without_a_curve_is_taken_at_its_word():
    assert Calibration().probability(np.array([0.0, 1.0, -1.0, 3.0])) == pytest.approx([1 / 2, 2 / 3, 1 / 3, 8 / 9])


def test_the_curve_is_met_at_its_weights_and_follows_the_weight_beyond_them():
    odds = np.array([-5.0, -4.0, 0.5, 9.0, 11.0])
    assert CURVE.probability(np.array([-7.0, -6.0, -1.5, 4.0, 6.0])) == pytest.approx(1 / (1 + np.exp2(-odds)))


def test_a_heavier_pair_is_never_less_probable():
    for calibration in (CURVE, read_default_parameters().calibration, Calibration()):
        inside = calibration.probability(np.linspace(-15, 15, 40_000))
        assert (np.diff(inside) > 0).all()


@pytest.mark.parametrize("calibration", [CURVE, Calibration(), Calibration((1.0,), (-2.0,))])
def test_sql_says_what_python_says(calibration):
    with duckdb.connect() as connection:
        connection.execute("create table pairs (place integer, weight double)")
        connection.executemany("insert into pairs values (?, ?)", list(enumerate(WEIGHTS.tolist())))
        rows = connection.execute(
            f"select {calibration.probability_sql('weight')} from pairs order by place"
        ).fetchall()
    assert [row[0] for row in rows] == pytest.approx(calibration.probability(WEIGHTS).tolist(), rel=1e-12, abs=1e-300)


def test_the_curve_is_part_of_a_version_and_of_its_name(tmp_path):
    parameters, lake = read_default_parameters(), Lake(tmp_path)
    names = set()
    for curve in (parameters.calibration, CURVE, Calibration()):
        calibrated = replace(parameters, calibration=curve)
        name = name_version(calibrated, {})
        save_version(ModelVersion(name, calibrated, {}), lake, {})
        read = read_version(name, lake)
        assert read.parameters.calibration == curve
        assert is_as_named(read)
        names.add(name)
    assert len(names) == 3


def test_parameters_saved_without_a_curve_take_weights_at_their_word():
    saved = {"levels": {}, "shares": {}, "rarest": {}, "largest_blocks": {}}
    assert read_parameters(saved).calibration == Calibration()
