"""A container of Azure Blob Storage, by adlfs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.config.drop_sources import AzureConnector
from pipelines.pulls.drops.places.object_store import ObjectPlace, StoreWords
from pipelines.pulls.errors import SourceError
from pipelines.pulls.extras import need

_WORDS = StoreWords(
    "Azure", "container", "`account_key`, `sas_token` or `connection_string`",
    "list the container and read its blobs (Storage Blob Data Reader)",
)  # fmt: skip


@contextmanager
def open_place(connector: AzureConnector, base: Path) -> Iterator[ObjectPlace]:  # noqa: ARG001
    """The folder ``root`` of the container, open."""
    library = need("adlfs", "azure")
    root = connector.root.reveal() if connector.root else ""
    account = str(connector.account) if connector.account else "azure"
    shown = "/".join([f"{account}/{connector.container}", *([connector.shown_root] if root else [])])
    try:
        system = library.AzureBlobFileSystem(
            account_name=connector.account.reveal() if connector.account else None,
            account_key=connector.account_key.reveal() if connector.account_key else None,
            sas_token=connector.sas_token.reveal() if connector.sas_token else None,
            connection_string=connector.connection_string.reveal() if connector.connection_string else None,
            anon=connector.anonymous,
            skip_instance_cache=True,
            use_listings_cache=False,
        )
    except ValueError:  # It quotes what it was given.
        raise SourceError(f"what is declared for {shown} lets nobody in: check {_WORDS.ways_in}.") from None
    identity = f"azure {connector.account.reveal() if connector.account else ''}"
    yield ObjectPlace(system, connector.container.reveal(), root, shown, identity, _WORDS)
