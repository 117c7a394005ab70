"""Pages of HTML and charts of SVG by templates that escape what they are given.

A template of any folder may extend `base.html` of this package: a page that is one file, without script, network and
fonts, for a light and for a dark screen.
"""

from functools import cache
from pathlib import Path

import jinja2

from pipelines.visible_text import make_visible

TEMPLATES = Path(__file__).with_name("templates")
SOFT_HYPHEN = "\u00ad"


def _show(value: object) -> object:
    """A text as it can be seen; what is marked as escaped already was shown so then.

    A soft hyphen stays: it says where a long word may break on a narrow screen.
    """
    return SOFT_HYPHEN.join(map(make_visible, value.split(SOFT_HYPHEN))) if type(value) is str else value


@cache
def open_templates(folder: Path = TEMPLATES) -> jinja2.Environment:
    """The templates of ``folder``, and those of this package. A name that a template is not given is an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, TEMPLATES]),
        autoescape=True,
        finalize=_show,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
