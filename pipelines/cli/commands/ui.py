"""``parcours ui``: the Dagster interface for a home folder, with its schedule."""

import argparse
import errno
import os
import socket
import sys

from pipelines.cli.arguments import Subcommands, add_home, add_sources
from pipelines.errors import ConfigurationError


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "ui",
        help="open the Dagster interface",
        description="Serves the Dagster interface: the asset graph, all runs, the checks. While it is open, the "
        "nightly schedule runs.",
    )
    add_home(parser)
    add_sources(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=3000, help="default: 3000")
    parser.set_defaults(command=open_interface)


def check_port_is_free(host: str, port: int) -> None:
    """Raises ConfigurationError where nothing can listen on ``port`` of ``host``, before anything is started."""
    if not 0 < port < 65536:
        raise ConfigurationError(f"--port {port} is none: from 1 to 65535.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # As the server does.
                probe.bind(address)
    except (socket.gaierror, UnicodeError):
        raise ConfigurationError(f"--host {host} is no address of this machine.") from None
    except OSError as fault:
        hint = "Is `parcours ui` open already? Name another with --port."
        if fault.errno == errno.EADDRNOTAVAIL:
            hint = "It is no address of this machine: name another with --host."
        raise ConfigurationError(f"Nothing can listen on port {port} of {host}: {fault.strerror}. {hint}") from None


def open_interface(options: argparse.Namespace) -> int:
    from pipelines.cli.run_job import prepare_instance
    from pipelines.config.home import find_home, find_sources
    from pipelines.config.repository import REPOSITORY
    from pipelines.config.sources import load_sources
    from pipelines.warehouse import dbt_project

    home = find_home(options.home)
    file = find_sources(options.sources, home)
    load_sources(file)
    check_port_is_free(options.host, options.port)
    dbt_project.prepare()
    prepare_instance(home)
    sys.stdout.write(f"Dagster on http://{options.host}:{options.port} for {home.root}; stop it with Ctrl-C\n")
    sys.stdout.flush()
    os.chdir(REPOSITORY)
    os.environ |= {"PARCOURS_HOME": str(home.root), "PARCOURS_SOURCES": str(file)}
    # Its successor `dg dev` is a separate package and does the same.
    command = [sys.executable, "-W", "ignore:Function `dev_command` is superseded", "-m", "dagster", "dev"]
    command += ["--module-name", "pipelines.definitions"]
    command += ["--host", options.host, "--port", str(options.port)]
    os.execv(sys.executable, command)  # noqa: S606  # it replaces this process, so Ctrl-C and the exit code are its own
