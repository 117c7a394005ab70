"""What of Dagster's application may be asked for: what its page needs, and nothing a later version adds.

It also takes reports of materialisations and of checks from anybody, tells its versions and renders notebooks; none of
that is here. Whatever is not listed is an address within the page, which the page itself makes sense of.
"""

import re
from enum import Enum


class Route(Enum):
    """What a path asks for."""

    PAGE = "page"
    STATIC = "static"
    FILE = "file"
    GRAPHQL = "graphql"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"


GRAPHQL_PATH, SIGN_IN_PATH, SIGN_OUT_PATH = "/graphql", "/sign-in", "/sign-out"

_STATIC = re.compile(
    r"/_next/static/(?:[\w~@$()\[\]-][\w~@$.()\[\]-]*/)*[\w~@$()\[\]-][\w~@$.()\[\]-]*"
    r"|/favicon[\w-]*\.(?:ico|png|svg)|/manifest\.json|/robots\.txt|/Dagster_world\.mp4",
    re.ASCII,
)
_FILE = re.compile(
    r"/logs/(?:[\w-][\w.-]*/)+(?:out|err)"  # What a step printed.
    r"|/download_debug/[0-9a-f-]{36}",
    re.ASCII,
)

METHODS = {
    Route.PAGE: ("GET", "HEAD"),
    Route.STATIC: ("GET", "HEAD"),
    Route.FILE: ("GET", "HEAD"),
    Route.GRAPHQL: ("POST",),  # A GET is what an image or a link of any page can make.
    Route.SIGN_IN: ("POST",),
    Route.SIGN_OUT: ("GET", "POST"),
}


def find_route(path: str) -> Route:
    """What ``path`` asks for, decoded as the application gets it, so that no way of writing it means another."""
    exact = {GRAPHQL_PATH: Route.GRAPHQL, SIGN_IN_PATH: Route.SIGN_IN, SIGN_OUT_PATH: Route.SIGN_OUT}
    if path in exact:
        return exact[path]
    if _STATIC.fullmatch(path):
        return Route.STATIC
    if _FILE.fullmatch(path):
        return Route.FILE
    return Route.PAGE
