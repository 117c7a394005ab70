"""What `sources.yml` may say of files on another machine, and the line of what it may not."""

from pathlib import Path

import pytest

from pipelines.config.drop_sources import DropSource
from pipelines.config.sources import load_sources
from pipelines.errors import ConfigurationError

NEEDLE = "n33dle"
WAY_IN = f"AccountName=drops;AccountKey={NEEDLE}"


def load(folder: Path, connector: str) -> DropSource:
    file = folder / "sources.yml"
    file.write_text(
        f"sources:\n  - name: till\n    kind: pos\n    connector: {{{connector}}}\n"
        "    tables: {tickets: {from: t.csv}}\n"
    )
    [source] = load_sources(file).sources
    assert isinstance(source, DropSource)
    return source


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://minio:9000",
        "http://localhost:9000",
        "HTTP://10.0.0.7",
        "minio:9000",
        "ftp://minio",
        "https://me@minio",
        "https://minio:port",
        "https://[minio",
        "https://",
    ],
)
@pytest.mark.parametrize("type_", ["s3", "gcs"])
def test_an_endpoint_that_is_none_or_that_others_overhear_is_refused(tmp_path: Path, type_: str, endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match="endpoint") as raised:
        load(tmp_path, f"type: {type_}, bucket: drops, endpoint: '{endpoint}'")
    assert "sources.yml:" in str(raised.value)
    assert "https" in str(raised.value)


@pytest.mark.parametrize("endpoint", ["https://minio:9000", "http://127.0.0.1:9000", "http://[::1]:9000"])
@pytest.mark.parametrize("type_", ["s3", "gcs"])
def test_https_is_taken_and_http_on_this_machine(tmp_path: Path, type_: str, endpoint: str) -> None:
    assert load(tmp_path, f"type: {type_}, bucket: drops, endpoint: '{endpoint}'").connector.type == type_


def test_a_store_of_a_network_of_ones_own_may_be_reached_by_http(tmp_path: Path) -> None:
    load(tmp_path, "type: s3, bucket: drops, endpoint: 'http://minio:9000', insecure: true")
    with pytest.raises(ConfigurationError, match="must be an address"):
        load(tmp_path, "type: s3, bucket: drops, endpoint: 'minio:9000', insecure: true")


@pytest.mark.parametrize(
    ("place", "is_taken"),
    [
        ("", True),
        ("DefaultEndpointsProtocol=https;", True),
        ("BlobEndpoint=http://127.0.0.1:10000/drops;", True),
        ("UseDevelopmentStorage=true;", True),
        ("DefaultEndpointsProtocol=http;", False),
        ("defaultendpointsprotocol=HTTP;", False),
        ("BlobEndpoint=http://azurite:10000/drops;", False),
    ],
)
def test_a_connection_string_that_goes_by_http_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, is_taken: bool
) -> None:
    monkeypatch.setenv("WAY_IN", place + WAY_IN)
    connector = 'type: azure, container: drops, connection_string: "${WAY_IN}"'
    if is_taken:
        load(tmp_path, connector)
        return
    with pytest.raises(ConfigurationError, match="by http, whoever is on the way") as raised:
        load(tmp_path, connector)
    assert NEEDLE not in str(raised.value)
