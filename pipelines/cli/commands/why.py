"""``parcours why``: why two records or customers are one person, or are not."""

import argparse

from pipelines.cli.arguments import Subcommands, add_home, add_json, add_language
from pipelines.cli.explanation_output import add_html, tell


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "why",
        help="why two records or customers are one person, or are not",
        description="Compares two records, or the records of two customers, of the last run field by field: the "
        "evidence in bits and its sum, the rule or decision that applied, the chain that connects them, or what is "
        "missing. Shows personal data.",
    )
    ids = "a record id (<source>:<table>:<key>) or a customer id, however old"
    parser.add_argument("one", metavar="A", help=ids)
    parser.add_argument("other", metavar="B", help="the other, likewise")
    add_language(parser)
    add_html(parser)
    add_home(parser)
    add_json(parser, "why.schema.json")
    parser.set_defaults(command=explain)


def explain(options: argparse.Namespace) -> int:
    from pipelines.config.home import find_home
    from pipelines.identity.explain.compose import compose_why
    from pipelines.identity.explain.explanations import explain_why
    from pipelines.identity.explain.render_json import why_as_json
    from pipelines.lake.tables import Lake
    from pipelines.texts.texts import open_texts

    texts = open_texts(options.lang, "explanations")
    explained = explain_why(Lake(find_home(options.home).lake), options.one, options.other)
    tell(options, compose_why(explained, texts), lambda: why_as_json(explained, texts))
    return 0
