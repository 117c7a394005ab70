"""``parcours how``: how the records of a customer came together."""

import argparse

from pipelines.cli.arguments import add_home, add_json, add_language
from pipelines.cli.explanation_output import add_html, tell
from pipelines.cli.subcommands import Subcommands


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "how",
        help="how the records of a customer came together",
        description="The order in which the records of a customer joined, each join with its evidence, and the one "
        "that the customer cannot do without. Of the last run. Shows personal data.",
    )
    parser.add_argument(
        "customer", metavar="CUSTOMER", help="a customer id of any age, or the id of one of its records"
    )
    add_language(parser)
    add_html(parser)
    add_home(parser)
    add_json(parser, "how.schema.json")
    parser.set_defaults(command=explain)


def explain(options: argparse.Namespace) -> int:
    from pipelines.config.home import find_home
    from pipelines.identity.explain.ask import explain_how
    from pipelines.identity.explain.page import page_how
    from pipelines.identity.explain.report import report_how
    from pipelines.identity.explain.terminal import print_how
    from pipelines.identity.explain.words import words_of
    from pipelines.lake.tables import Lake

    words = words_of(options.lang)
    story = explain_how(Lake(find_home(options.home).lake), options.customer)
    tell(
        options,
        lambda: page_how(story, words),
        lambda: report_how(story, words),
        lambda: print_how(story, words),
    )
    return 0
