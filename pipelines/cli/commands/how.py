"""``parcours how``: how a customer was assembled from records."""

import argparse

from pipelines.cli.arguments import Subcommands, add_home, add_json, add_language
from pipelines.cli.explanation_output import add_html, tell


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "how",
        help="how a customer was assembled from records",
        description="Shows in which order the records of a customer were joined in the last run, each join with its "
        "evidence, and the join that the customer cannot do without. Shows personal data.",
    )
    parser.add_argument(
        "customer", metavar="CUSTOMER", help="a customer id, however old, or the id of one of its records"
    )
    add_language(parser)
    add_html(parser)
    add_home(parser)
    add_json(parser, "how.schema.json")
    parser.set_defaults(command=explain)


def explain(options: argparse.Namespace) -> int:
    from pipelines.config.home import find_home
    from pipelines.identity.explain.compose import compose_how
    from pipelines.identity.explain.explanations import explain_how
    from pipelines.identity.explain.render_json import how_as_json
    from pipelines.lake.tables import Lake
    from pipelines.texts.texts import open_texts

    texts = open_texts(options.lang, "explanations")
    story = explain_how(Lake(find_home(options.home).lake), options.customer)
    tell(options, compose_how(story, texts), lambda: how_as_json(story, texts))
    return 0
