"""A bucket of Google Cloud Storage, by gcsfs."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.config.drop_sources import GcsConnector
from pipelines.pulls.drops.places.object_store import ObjectPlace, StoreWords
from pipelines.pulls.errors import SourceError
from pipelines.pulls.extras import need

_WORDS = StoreWords(
    "Google Cloud Storage", "bucket", "`credentials`", "list the bucket and read its objects (Storage Object Viewer)"
)


@contextmanager
def open_place(connector: GcsConnector, base: Path) -> Iterator[ObjectPlace]:
    """The folder ``root`` of the bucket, open."""
    library = need("gcsfs.core", "gcs")  # What `gcsfs` gives by itself also opens a channel of gRPC, for nothing here.
    root = connector.root.reveal() if connector.root else ""
    shown = "/".join(["gs://" + str(connector.bucket), *([connector.shown_root] if root else [])])
    token = "anon" if connector.anonymous else "google_default"
    if connector.credentials is not None:
        file = connector.credentials.resolve_path(base)
        if not file.is_file():
            raise SourceError(f"`credentials` of {shown} is no file: {connector.credentials}.")
        token = str(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Without a project no bucket can be made, and none is.
            system = library.GCSFileSystem(
                project=connector.project.reveal() if connector.project else None,
                token=token,
                endpoint_url=connector.endpoint.reveal() if connector.endpoint else None,
                skip_instance_cache=True,
                use_listings_cache=False,
            )
    except Exception as error:
        if type(error).__name__ in ("DefaultCredentialsError", "ValueError", "MalformedError", "JSONDecodeError"):
            raise SourceError(
                f"there are no credentials for {shown}: give `credentials`, the file of a service account's key, or "
                "set those of the environment (GOOGLE_APPLICATION_CREDENTIALS)."
            ) from None
        raise
    identity = f"gcs {connector.endpoint.reveal() if connector.endpoint else ''}"
    yield ObjectPlace(system, connector.bucket.reveal(), root, shown, identity, _WORDS)
