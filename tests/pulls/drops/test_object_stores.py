"""What goes wrong with a bucket: told as what it is, without a word of the store's own, which may hold a key."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipelines.pulls.drops.place import FileError
from pipelines.pulls.drops.places.object_store import ObjectPlace, StoreWords
from tests.drop_servers import PASSWORD, ObjectStore, s3
from tests.pulls.drops.conftest import Till, tickets

ONE = ("1,S1,2026-01-01 10:00,10.00",)
NEEDLE = "AKIANEEDLE"


@pytest.fixture(scope="module")
def bucket() -> Iterator[ObjectStore]:
    with s3() as started:
        yield started


@pytest.fixture
def till(bucket: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Till:
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    bucket.connector["root"] = tmp_path.name
    return Till(bucket, tmp_path)


class Refusal:
    """A store that gives one answer to everything."""

    def __init__(self) -> None:
        self.status, self.code, self.asked = 403, "AccessDenied", 0

    def write(self) -> bytes:
        return f"<Error><Code>{self.code}</Code><Message>{NEEDLE} says no</Message></Error>".encode()


@pytest.fixture
def refusal(till: Till) -> Iterator[Refusal]:
    refusal = Refusal()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            refusal.asked += 1
            self.send_response(refusal.status)
            self.send_header("Content-Type", "application/xml")
            self.end_headers()
            self.wfile.write(refusal.write())

        do_GET = do_HEAD = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    till.connector = {"endpoint": f"http://127.0.0.1:{server.server_port}"}
    yield refusal
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "said", "is_tried_again"),
    [
        (403, "InvalidAccessKeyId", "S3 does not know the credentials", False),
        (403, "SignatureDoesNotMatch", "check `key_id` and `secret`", False),
        (400, "ExpiredToken", "S3 does not know the credentials", False),
        (403, "AccessDenied", "they need the right to list the bucket", False),
        (404, "NoSuchBucket", "there is no bucket of that name", False),
        (400, "AuthorizationHeaderMalformed", "lies in another region: correct `region`", False),
        (503, "SlowDown", "does not answer at the moment", True),
        (500, "InternalError", "does not answer at the moment", True),
        (418, "Teapot", "S3 refuses what is asked", False),
    ],
)
def test_each_refusal_is_told_as_what_it_is(
    till: Till, refusal: Refusal, status: int, code: str, said: str, is_tried_again: bool
) -> None:
    refusal.status, refusal.code = status, code
    till.connector["tries"] = 2
    outcome = till.pull()
    assert outcome.state == "not taken"
    assert said in str(outcome.message)
    assert NEEDLE not in str(outcome) + str(till.said)
    assert PASSWORD not in str(outcome) + str(till.said)
    assert bool(till.said) == is_tried_again


def test_a_store_that_does_not_answer_is_told(till: Till) -> None:
    till.connector = {"endpoint": "http://127.0.0.1:1", "tries": 1}
    assert "does not answer at the moment" in str(till.pull().message)


def test_a_bucket_or_folder_that_is_not_there_is_told(till: Till) -> None:
    till.connector = {"bucket": "nobodys"}
    assert "there is no bucket of that name: s3://nobodys/" in str(till.pull().message)
    till.connector = {"root": "nowhere"}
    assert "no file matches tickets_*.csv in s3://drops/nowhere" in str(till.pull().message)


def test_a_folder_that_was_emptied_is_still_the_one_that_was_taken(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    till.pull()
    till.store.remove("tickets_1.csv")  # A bucket has no folders: this one is gone with its last file.
    assert till.pull().state == "taken"
    assert till.extract().height == 1


def test_credentials_that_are_nowhere_are_asked_for(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(till.folder / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(till.folder / "none"))
    connector = till.store.connector
    kept = {name: connector.pop(name) for name in ("key_id", "secret")}
    try:
        assert "there are no credentials for s3://drops" in str(till.pull().message)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
        till.put("tickets_1.csv", *ONE)
        assert till.pull().state == "taken"
    finally:
        connector.update(kept)


def test_keys_that_lead_elsewhere_or_are_no_names_do_no_harm(till: Till) -> None:
    till.table = {"from": "**/*.csv"}
    for key in ("../up.csv", "a//b.csv", "day/./x.csv", "tickets_1.csv", "day/ü .csv"):
        till.store.put(key, f"id,store,sold,total\n{len(key)},S1,2026-01-01 10:00,{len(key)}.00\n".encode())
    outcome = till.pull()
    assert outcome.state == "taken", outcome.message
    assert outcome.notes == ("names that are none of a file or folder, and not looked at: .., a/, day/.",)
    for path in till.landed.rglob("*"):
        assert path.resolve().is_relative_to(till.landed)
    assert {file.name for file in till.mirror.files} == {"tickets_1.csv", "day/ü .csv"}
    assert till.extract().height == len(till.mirror.files)


def test_the_same_content_under_a_new_version_is_no_change(till: Till) -> None:
    till.put("tickets_1.csv", *ONE)
    till.pull()
    [before] = till.mirror.files
    till.put("tickets_1.csv", *ONE)
    till.pull()
    [after] = till.mirror.files
    assert (before.content, before.checked) == (after.content, "size and ETag")
    assert before.modified_at != after.modified_at or before.etag == after.etag


def test_a_bucket_that_keeps_versions_is_taken_like_any_other(till: Till) -> None:
    store = till.store
    assert isinstance(store, ObjectStore)
    store.system.make_bucket_versioned(store.bucket, True)
    try:
        till.put("tickets_1.csv", *ONE)
        assert till.pull().state == "taken"
        till.put("tickets_1.csv", *ONE, "2,S1,2026-01-02 10:00,20.00")
        outcome = till.pull()
    finally:
        store.system.make_bucket_versioned(store.bucket, False)
    assert outcome.state == "taken", outcome.message
    assert till.extract().height == 2


def test_a_store_that_lists_thousandths_of_seconds_is_taken(till: Till) -> None:
    content = tickets(*ONE)
    listed = (
        "<ListBucketResult><Name>drops</Name><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated><Contents>"
        f"<Key>{till.folder.name}/tickets_1.csv</Key><LastModified>2026-01-01T10:00:00.789Z</LastModified>"
        f"<ETag>&quot;e1&quot;</ETag><Size>{len(content)}</Size></Contents></ListBucketResult>"
    ).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_file = "tickets_1.csv" in self.path and "prefix=" not in self.path
            self._answer(content if is_file else listed)

        def do_HEAD(self) -> None:
            self._answer(content, is_sent=False)

        def _answer(self, body: bytes, *, is_sent: bool = True) -> None:
            self.send_response(200)
            self.send_header("Last-Modified", "Thu, 01 Jan 2026 10:00:00 GMT")
            self.send_header("ETag", '"e1"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if is_sent:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        till.connector = {"endpoint": f"http://127.0.0.1:{server.server_port}", "tries": 1}
        outcome = till.pull()
    finally:
        server.shutdown()
        server.server_close()
    assert outcome.state == "taken", outcome.message
    assert till.extract().height == 1


class _ConditionError(Exception):
    """What stores say of an object that is no longer the version that was asked for."""

    status = 412


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (OSError(16, "busy"), "it was changed while it was fetched"),
        (_ConditionError(), "it was changed while it was fetched"),
        (FileNotFoundError(), "it went while it was fetched"),
    ],
)
def test_an_object_that_changes_while_it_is_read_is_told_as_one_file(raised: Exception, told: str) -> None:
    class Store:
        def __getattr__(self, name: str) -> Any:
            return lambda *_, **__: []

        def open(self, *_: object, **__: object) -> object:
            raise raised

    place = ObjectPlace(Store(), "drops", "", "memory", "memory", StoreWords("S", "bucket", "key", "list"))
    with pytest.raises(FileError, match=told):
        list(place.read("tickets_1.csv"))


@pytest.mark.parametrize("said", ["not base64!", "bm90IDE2IGJ5dGVz!", "c2hvcnQ=", "ünreadable"])
def test_an_md5_that_is_none_proves_nothing_and_does_no_harm(said: str) -> None:
    memory = pytest.importorskip("fsspec.implementations.memory").MemoryFileSystem(skip_instance_cache=True)

    class Store:
        def __getattr__(self, name: str) -> Any:
            return getattr(memory, name)

        def ls(self, path: str, detail: bool) -> list[Any]:
            found: list[Any] = memory.ls(path, detail=detail)
            return [{**each, "name": each["name"].lstrip("/"), "md5Hash": said} for each in found] if detail else found

    memory.pipe_file("/drops-md5/tickets_1.csv", b"x")
    place = ObjectPlace(Store(), "drops-md5", "", "memory", "memory", StoreWords("S", "bucket", "key", "list"))
    [entry] = place.list_folder("", "")
    assert (entry.name, entry.size, entry.md5) == ("tickets_1.csv", 1, None)
