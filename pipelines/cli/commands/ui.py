"""``parcours ui``: the Dagster interface for a home folder, with its schedule."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import Subcommands, add_home, add_sources
from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    import socket

    from pipelines.ui.serve import Access


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "ui",
        help="open the Dagster interface",
        description="Serves the Dagster interface: the asset graph, all runs, the checks. While it is open, the "
        "nightly schedule runs. It is opened with the address that is printed, which has a token in it, or with a "
        "password of yours: in the environment variable PARCOURS_UI_PASSWORD, or in a file.",
    )
    add_home(parser)
    add_sources(parser)
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: this machine only); any other asks for a password or a --proxy",
    )
    parser.add_argument("--port", type=int, default=3000, help="default: 3000")
    parser.add_argument(
        "--allow-host",
        action="append",
        metavar="NAME[:PORT]",
        help="a further name by which browsers may ask for it, such as that of a proxy (else $PARCOURS_UI_ALLOW_HOST, "
        "by commas); may be repeated",
    )
    parser.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="a file that holds the password and nothing else (else $PARCOURS_UI_PASSWORD_FILE, $PARCOURS_UI_PASSWORD)",
    )
    parser.add_argument(
        "--proxy",
        action="append",
        metavar="ADDRESS",
        default=[],
        help="the address of a proxy that signs people in itself and is believed; may be repeated",
    )
    parser.add_argument(
        "--proxy-header", default="X-Forwarded-User", metavar="NAME", help="in which it names them (%(default)s)"
    )
    parser.add_argument(
        "--allow-launch-config",
        action="store_true",
        help="let whoever launches a run set its home, its sources and the acceptance of its drift (else "
        "$PARCOURS_ALLOW_LAUNCH_CONFIG)",
    )
    parser.add_argument(
        "--code-server",
        metavar="HOST:PORT",
        help="serve the code location that Dagster's code server has there, and start neither one nor the daemon: "
        "for containers, as deploy/compose.yml has them",
    )
    parser.set_defaults(command=open_interface, ends_itself=True)


def open_interface(options: argparse.Namespace) -> int:
    from pipelines.cli.code_location import MODULE
    from pipelines.cli.run_job import prepare_instance
    from pipelines.config.home import ALLOW_LAUNCH_CONFIG, find_home, find_sources
    from pipelines.config.repository import REPOSITORY
    from pipelines.config.sources import load_sources
    from pipelines.lake import page_lock
    from pipelines.ui.listening import open_sockets
    from pipelines.ui.remote_code import parse_address
    from pipelines.ui.serve import serve
    from pipelines.warehouse import dbt_project

    home = find_home(options.home)
    file = find_sources(options.sources, home)
    load_sources(file)
    page_lock.refuse_second(home.root)  # Before its port, which the first page has most likely.
    sockets = open_sockets(options.host, options.port)
    try:
        access = _decide_access(options, sockets)
        with page_lock.hold(home.root, lambda words: _say(f"{words} ...")) as lock:
            if not options.code_server:
                dbt_project.prepare()
            prepare_instance(home)
            os.environ |= {"PARCOURS_HOME": str(home.root), "PARCOURS_SOURCES": str(file)}
            if options.allow_launch_config:
                os.environ[ALLOW_LAUNCH_CONFIG] = "1"
            _say(f"Dagster is being started for {home.root} ...")
            opened = f"Dagster on {_address(options, access)} for {home.root}; stop it with Ctrl-C"
            server = parse_address(options.code_server) if options.code_server else None
            return serve(sockets, access, MODULE, REPOSITORY, lock, lambda: _say(opened), server)
    except KeyboardInterrupt:
        sys.stdout.write("Dagster has stopped.\n")
        return 0
    finally:
        for each in sockets:
            each.close()


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _decide_access(options: argparse.Namespace, sockets: "list[socket.socket]") -> "Access":
    """Who may open it. Raises ConfigurationError where other machines could, and nobody would ask them who they are."""
    from pipelines.ui.hosts import allow_hosts, parse_host
    from pipelines.ui.listening import is_private
    from pipelines.ui.proxies import believe_proxies
    from pipelines.ui.secret import make_token, take_password
    from pipelines.ui.serve import Access

    proxies = believe_proxies(options.proxy, options.proxy_header)
    secret = take_password(options.password_file, os.environ)
    if secret is None and not proxies.addresses:
        if not is_private(sockets):
            raise ConfigurationError(OPEN_TO_OTHERS.format(host=options.host))
        secret = make_token()
    named = options.allow_host or [
        each for each in os.environ.get("PARCOURS_UI_ALLOW_HOST", "").split(",") if each.strip()
    ]
    if parse_host(options.host) is not None:
        named = [*named, f"{options.host}:{options.port}"]
    return Access(allow_hosts(options.port, named), secret, proxies)


OPEN_TO_OTHERS = """--host {host} lets other machines open Dagster, and nobody would ask them who they are. Either
  - leave --host out, and reach it through `ssh -L 3000:127.0.0.1:3000`, or through a proxy on this machine; or
  - set a password: PARCOURS_UI_PASSWORD_FILE (or --password-file) names a file that holds it, or PARCOURS_UI_PASSWORD
    is it; and have a proxy speak TLS, since Dagster does not; or
  - name with --proxy the address of a proxy that signs people in, by OpenID Connect say.
docs/security.md shows each."""


def _address(options: argparse.Namespace, access: "Access") -> str:
    """What to open in the browser."""
    host = f"[{options.host}]" if ":" in options.host else options.host
    if access.secret is None or access.secret.is_password:
        return f"http://{host}:{options.port}"
    return f"http://{host}:{options.port}/?token={access.secret.value}"
