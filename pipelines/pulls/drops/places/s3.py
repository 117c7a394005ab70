"""A bucket of S3, or of a store that speaks like it, by s3fs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.config.drop_sources import S3Connector
from pipelines.pulls.drops.places.object_store import ObjectPlace, StoreWords
from pipelines.pulls.extras import need

_WORDS = StoreWords(
    "S3", "bucket", "`key_id` and `secret`", "list the bucket (s3:ListBucket) and read its objects (s3:GetObject)"
)


@contextmanager
def open_place(connector: S3Connector, base: Path) -> Iterator[ObjectPlace]:  # noqa: ARG001
    """The folder ``root`` of the bucket, open."""
    library = need("s3fs", "s3")
    client = {"endpoint_url": connector.endpoint, "region_name": connector.region}
    system = library.S3FileSystem(
        anon=connector.anonymous,
        key=connector.key_id.reveal() if connector.key_id else None,
        secret=connector.secret.reveal() if connector.secret else None,
        token=connector.session_token.reveal() if connector.session_token else None,
        client_kwargs={name: value.reveal() for name, value in client.items() if value is not None},
        config_kwargs={"connect_timeout": 20, "read_timeout": 120, "retries": {"total_max_attempts": 1}},
        skip_instance_cache=True,
        use_listings_cache=False,
    )
    system.retries = 1  # `tries` and `wait_seconds` say how often, and how patiently.
    where = f" at {connector.endpoint}" if connector.endpoint else ""
    root = connector.root.reveal() if connector.root else ""
    shown = f"{'/'.join(['s3://' + str(connector.bucket), *([connector.shown_root] if root else [])])}{where}"
    identity = f"s3 {connector.endpoint.reveal() if connector.endpoint else ''}"
    yield ObjectPlace(system, connector.bucket.reveal(), root, shown, identity, _WORDS)
