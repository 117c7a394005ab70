"""Workbooks for the tests of what reads them."""

from collections.abc import Callable

import pytest

from tests.workbooks import make_workbook


@pytest.fixture
def workbook() -> Callable[..., bytes]:
    return make_workbook
