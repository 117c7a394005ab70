"""What dbt offers to the project's macros, for sqlfluff, which renders models without dbt.

sqlfluff gives its templates each name of this module. `ref`, `config`, `this` and `return` are its own
(``apply_dbt_builtins``); the macros are those of ``macros/``, as DuckDB gets them.
"""

import datetime as _datetime
from pathlib import Path as _Path
from types import SimpleNamespace as _Namespace
from typing import Any as _Any

import jinja2 as _jinja2
import pytz as _pytz
import yaml as _yaml

_SETTINGS = (_Path(__file__).resolve().parents[1] / "dbt_project.yml").read_text(encoding="utf-8")
_VARS = _yaml.load(_SETTINGS, _yaml.CSafeLoader)["vars"]  # The fast loader: sqlfluff runs this once for each file.
_NOWHERE = object()


class _Relation(str):
    """The name of a source, which lies nowhere: what dbt calls external is not known before a run.

    In one word, so that no table is taken for a keyword of SQL.
    """

    external = None


class _Adapter:
    @_jinja2.pass_context
    def dispatch(self, context: _jinja2.runtime.Context, name: str, project: str) -> _Any:
        """The macro that DuckDB gets: its own, else the default one."""
        for macro in (f"duckdb__{name}", f"default__{name}"):
            found = context.resolve_or_missing(macro)
            if found is not _jinja2.runtime.missing:
                return found
        raise _jinja2.TemplateRuntimeError(f"no macro {project}.default__{name}")


def _raise_compiler_error(message: str) -> None:
    raise _jinja2.TemplateRuntimeError(message)


def var(name: str, default: _Any = _NOWHERE) -> _Any:
    """The var as dbt_project.yml has it."""
    value = _VARS.get(name, default)
    if value is _NOWHERE:
        raise _jinja2.TemplateRuntimeError(f"dbt_project.yml has no var {name}")
    return value


adapter = _Adapter()
builtins = _Namespace(source=lambda kind, table: _Relation(f"{kind}_{table}"))
exceptions = _Namespace(raise_compiler_error=_raise_compiler_error)
execute = False
modules = _Namespace(datetime=_datetime, pytz=_pytz)
