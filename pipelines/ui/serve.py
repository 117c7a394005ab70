"""Serves the page until it is told to stop: processes, application and front put together."""

import logging
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.ui.gate import Gate
from pipelines.ui.hosts import AllowedHosts
from pipelines.ui.proxies import Proxies
from pipelines.ui.remote_code import use_server
from pipelines.ui.secret import Secret
from pipelines.ui.services import run_services

MOST_MESSAGE_BYTES = 1024 * 1024  # Of a websocket's, from the page to us.


@dataclass(frozen=True)
class Access:
    """Who may open the page, by which names."""

    hosts: AllowedHosts
    secret: Secret | None
    proxies: Proxies


def serve(
    sockets: list[socket.socket],
    access: Access,
    module: str,
    folder: Path,
    lock: int,
    ready: Callable[[], None],
    code_server: tuple[str, int] | None = None,
) -> int:
    """Serves the code location ``module`` of ``folder`` at ``sockets``; calls ``ready`` when it answers.

    ``lock`` is the descriptor by which the page of the home is held; ``code_server`` where the code location is served
    already, and the daemon runs: its runs go on without the page. Returns 0 when it was told to stop, 1 where a process
    behind it would not run. Raises ParcoursError.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    with use_server(module, *code_server) if code_server else run_services(module, folder, lock) as services:
        import uvicorn  # While the code location loads in a process of its own.

        from pipelines.ui.application import open_application
        from pipelines.ui.front import Front

        services.wait_until_loaded()
        services.start_daemon()
        with open_application(services.workspace) as application:
            port = sockets[0].getsockname()[1]
            front = Front(application, access.hosts, Gate(access.secret, access.proxies, f"parcours_ui_{port}"))
            server = uvicorn.Server(
                uvicorn.Config(
                    _announcing(front, ready),
                    http="h11",  # The strictest of those there are.
                    ws_max_size=MOST_MESSAGE_BYTES,
                    proxy_headers=False,  # What a header says of the client is believed of nobody.
                    server_header=False,
                    access_log=False,  # Addresses may have a token in them.
                    log_level="warning",
                    timeout_graceful_shutdown=3,  # An open page keeps a websocket.
                )
            )
            failures: list[str] = []

            def give_up(reason: str) -> None:
                failures.append(reason)
                server.should_exit = True

            services.watch(give_up)
            for opened in sockets:
                opened.listen(128)
            server.run(sockets=sockets)
    for reason in failures:
        sys.stderr.write(f"parcours: {reason} Its log is above.\n")
    return 1 if failures else 0


def _announcing(app: ASGIApp, ready: Callable[[], None]) -> ASGIApp:
    """``app``, which calls ``ready`` once it has started: from then on the server takes signals as they come."""

    async def announced(scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                ready()

        await app(scope, receive, tell if scope["type"] == "lifespan" else send)

    return announced
