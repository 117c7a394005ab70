"""``parcours init``: a first sources.yml from a folder of exports."""

import argparse
import sys
from pathlib import Path

from pipelines.cli.arguments import Subcommands
from pipelines.texts.catalogue import list_languages

NAME = "sources.yml"


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "init",
        help="write a first sources.yml from a folder of exports",
        description="Looks at the exports in a folder and below it (CSV, Excel, JSON, Parquet, .zip) and writes a "
        "sources.yml: known systems by their preset, other files column by column, with questions where the files do "
        "not say. Holds no values of the files. Never overwrites a file unless told to.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the folder in which the exports lie")
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"the file to write (else FOLDER/{NAME})")
    parser.add_argument("--force", action="store_true", help="overwrite the file if it is there")
    parser.add_argument(
        "--lang",
        choices=list_languages(),
        help="the language of the comments, the summary and the report (else that of the headers)",
    )
    parser.set_defaults(command=initialise)


def initialise(options: argparse.Namespace) -> int:
    from pipelines.cli.silence import silence
    from pipelines.errors import ConfigurationError
    from pipelines.lake.owner_only import make_folder
    from pipelines.onboarding.initialise import draft_from_folder
    from pipelines.onboarding.writing.document import write
    from pipelines.onboarding.writing.summary import summarise
    from pipelines.texts.texts import open_texts

    folder: Path = options.folder
    file: Path = options.out or folder / NAME
    if file.exists() and not options.force:
        raise ConfigurationError(
            f"{file} is there already. Write another with --out FILE, or overwrite it with --force."
        )
    with silence():
        draft = draft_from_folder(folder, options.lang)
    language = next(setting.value for setting in draft.settings if setting.key == "language")
    texts = open_texts(language, "init")
    text = write(draft, folder.resolve(), file.resolve(), texts)
    try:
        make_folder(file.parent)
        file.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise ConfigurationError(f"{file} cannot be written: {fault.strerror}. Name another with --out FILE.") from None
    sys.stdout.write(summarise(draft, file, texts))
    return 0
