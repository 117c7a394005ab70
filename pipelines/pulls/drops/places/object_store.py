"""A bucket or container, by fsspec: what S3, Google Cloud Storage and Azure have in common.

An object is there as a whole or not at all. Errors are told apart by what stores say, a status or a code, and never by
their words, which may hold a key.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipelines.pulls.drops.place import Entry, FileError, is_name
from pipelines.pulls.errors import SourceError

PIECE = 16 << 20
MD5_BYTES = 16
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_PASSING_CODES = frozenset(
    {
        "SlowDown",
        "RequestTimeout",
        "InternalError",
        "ServiceUnavailable",
        "Throttling",
        "ServerBusy",
        "RequestTimeTooSkewed",
    }
)
_NO_CREDENTIALS = frozenset(
    {"NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError", "CredentialUnavailableError",
     "ProfileNotFound", "TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError"}
)  # fmt: skip
_WRONG_CREDENTIALS = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired",
     "AuthenticationFailed", "InvalidAuthenticationInfo", "ClientAuthenticationError", "RefreshError"}
)  # fmt: skip
_BROKEN = frozenset(
    {"ConnectionError", "EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ServiceRequestError",
     "ServiceResponseError", "ClientConnectionError", "TimeoutError", "IncompleteRead", "TransportError",
     "ClientPayloadError", "HTTPClientError", "ResponseStreamingError"}
)  # fmt: skip
_ELSEWHERE = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"})


@dataclass(frozen=True)
class StoreWords:
    """What a store calls its things, for messages: the container and the keys that say how to get in."""

    store: str
    container: str
    ways_in: str
    lists: str


@dataclass(frozen=True)
class _Said:
    """What is known of an error: the status of HTTP, the store's own codes and the names of its classes."""

    status: int | None
    codes: frozenset[str]
    is_missing: bool
    is_refused: bool
    is_broken: bool


class ObjectPlace:
    """See :class:`pipelines.pulls.drops.place.Place`. ``system`` is of fsspec, ``container`` a bucket by its name."""

    def __init__(self, system: Any, container: str, root: str, shown: str, identity: str, words: StoreWords) -> None:
        self._system, self.shown, self._words = system, shown, words
        self._container = container
        self._root = "/".join([container, *(part for part in root.split("/") if part)])
        self.identity = hashlib.sha256("\n".join([identity, self._root]).encode()).hexdigest()[:16]
        with self._telling():
            self._look_at_container()

    def _look_at_container(self) -> None:
        """Whether there is such a bucket, and may be listed: else a pattern would find nothing, and say no more.

        A folder of a bucket is there as long as something lies in it: one that was emptied is no fault.
        """
        self._system.invalidate_cache()
        try:
            self._system.ls(self._root, detail=False)
        except FileNotFoundError:
            self._system.ls(self._container, detail=False)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """What goes wrong within as an error of ours, which keeps nothing of what the store said."""
        told: SourceError | None = None
        try:
            yield
        except (SourceError, FileError):
            raise
        except Exception as error:  # Each store's library raises errors of a dozen classes, of several libraries below.
            if not _is_of_a_store(error):
                raise
            told = self._tell(_read(error))
        if told is not None:
            raise told

    def _tell(self, said: _Said) -> SourceError:
        words = self._words
        if said.codes & _NO_CREDENTIALS:
            return SourceError(
                f"there are no credentials for {self.shown}: give {words.ways_in}, or set those of the environment."
            )
        if said.codes & _WRONG_CREDENTIALS or said.status == 401:
            return SourceError(f"{words.store} does not know the credentials for {self.shown}: check {words.ways_in}.")
        if said.codes & _ELSEWHERE:
            return SourceError(f"{self.shown} lies in another region: correct `region`.")
        if said.status in PASSING or said.codes & _PASSING_CODES or said.is_broken:
            return SourceError(f"{self.shown} does not answer at the moment.", is_passing=True)
        if said.is_refused or said.status == 403:
            return SourceError(
                f"{self.shown} may not be read with these credentials: they need the right to {words.lists}."
            )
        if said.is_missing or said.status == 404:
            return SourceError(f"there is no {words.container} of that name: {self.shown}. Check `{words.container}`.")
        return SourceError(f"{words.store} refuses what is asked of {self.shown}.")

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def list_folder(self, folder: str, beginning: str) -> Iterator[Entry]:
        path = self._path(folder)
        with self._telling():
            self._system.invalidate_cache()
            try:
                if beginning:
                    found = list(self._system.find(path, prefix=beginning, detail=True).values())
                else:
                    found = self._system.ls(path, detail=True)
            except FileNotFoundError:
                return
        folders: set[str] = set()
        for info in found:
            key, is_folder = str(info["name"]), info.get("type") == "directory"
            below = key.removeprefix(path + "/")
            if below == key or not (below or is_folder):  # The mark of an empty folder.
                continue
            parts = below.split("/")
            if not all(map(is_name, parts)):
                yield Entry(f"{folder}/{below}" if folder else below, fault="its name has folders that are none")
                continue
            name = f"{folder}/{parts[0]}" if folder else parts[0]
            if len(parts) > 1 or is_folder:
                if name not in folders:
                    folders.add(name)
                    yield Entry(name, is_folder=True)
            else:
                yield self._describe(name, info)

    def look_up(self, name: str) -> Entry | None:
        with self._telling():
            self._system.invalidate_cache()
            try:
                info = self._system.info(self._path(name))
            except FileNotFoundError:
                return None
        return Entry(name, is_folder=True) if info.get("type") == "directory" else self._describe(name, info)

    def _describe(self, name: str, info: Mapping[str, Any]) -> Entry:
        etag = info.get("ETag") or info.get("etag")
        version = info.get("generation")  # S3's own is said of a single object, never in a list.
        return Entry(
            name,
            size=int(info.get("size") or 0),
            modified_at=_moment(info),
            etag=str(version or etag) if (version or etag) else None,
            md5=_read_md5(info),
        )

    def read(self, name: str) -> Iterator[bytes]:
        with self._telling():
            try:
                with self._system.open(self._path(name), "rb", cache_type="none", block_size=PIECE) as file:
                    while piece := file.read(PIECE):
                        yield bytes(piece)
            except FileNotFoundError:
                raise FileError("it went while it was fetched") from None
            except Exception as error:
                if getattr(error, "errno", None) == 16 or _read(error).status == 412:  # s3fs: EBUSY.
                    raise FileError("it was changed while it was fetched") from None
                raise


def _is_of_a_store(error: BaseException) -> bool:
    """Not one of Python's own that tells of a mistake of ours."""
    return not isinstance(
        error, (AssertionError, AttributeError, NameError, TypeError, KeyError, IndexError, MemoryError)
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _read(error: BaseException) -> _Said:
    status: int | None = None
    codes: set[str] = set()
    for each in _chain(error):
        codes.update(kind.__name__ for kind in type(each).__mro__)
        response = getattr(each, "response", None)
        if isinstance(response, Mapping):  # Of botocore.
            codes.add(str(response.get("Error", {}).get("Code")))
            status = status or response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        code = getattr(each, "error_code", None)  # Of Azure.
        if code is not None:
            codes.add(str(getattr(code, "value", code)))
        for name in ("status_code", "status", "code"):
            value = None if status else getattr(each, name, None)
            if isinstance(value, int) and 100 <= value < 600:
                status = status or value
            elif isinstance(value, str) and value.isdigit():
                status = status or int(value)
    first = type(error)
    return _Said(
        status,
        frozenset(codes),
        issubclass(first, FileNotFoundError),
        issubclass(first, PermissionError),
        bool(codes & _BROKEN),
    )


def _moment(info: Mapping[str, Any]) -> str | None:
    """To the second for S3: some stores that speak like it list thousandths, and say none of a single object."""
    for key in ("LastModified", "last_modified", "mtime", "updated"):
        value = info.get(key)
        if key == "LastModified" and isinstance(value, datetime):
            value = value.replace(microsecond=0)
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        if isinstance(value, str) and value:
            try:
                return datetime.fromisoformat(value).astimezone(UTC).isoformat(timespec="microseconds")
            except ValueError:
                continue
    return None


def _read_md5(info: Mapping[str, Any]) -> str | None:
    """The MD5 of the content, where the store has it: S3's ETag is one only sometimes, and nobody can tell when."""
    value = info.get("md5Hash")
    settings = info.get("content_settings")
    if value is None and settings is not None:
        value = settings.get("content_md5") if isinstance(settings, Mapping) else getattr(settings, "content_md5", None)
    if isinstance(value, str):
        try:
            value = base64.b64decode(value, validate=True)
        except ValueError:
            return None
    return bytes(value).hex() if value and len(value) == MD5_BYTES else None
