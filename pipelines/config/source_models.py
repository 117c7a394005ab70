"""Which model a source of `sources.yml` has: that of its connector's `type`."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SerializeAsAny

from pipelines.config.brevo import BrevoSource
from pipelines.config.connectors import Connector, DatabaseSource, FilesSource, Source, TableMapping
from pipelines.config.drop_sources import AzureSource, GcsSource, S3Source, SftpSource
from pipelines.config.ga4 import Ga4Source
from pipelines.config.google_ads import GoogleAdsSource
from pipelines.config.hubspot import HubspotSource
from pipelines.config.klaviyo import KlaviyoSource
from pipelines.config.lightspeed import LightspeedSource
from pipelines.config.magento import MagentoSource
from pipelines.config.matomo import MatomoSource
from pipelines.config.meta_ads import MetaAdsSource
from pipelines.config.mssql import MssqlSource
from pipelines.config.prestashop import PrestashopSource
from pipelines.config.salesforce import SalesforceSource
from pipelines.config.shopify import ShopifySource
from pipelines.config.square import SquareSource
from pipelines.config.woocommerce import WoocommerceSource
from pipelines.yaml_document import did_you_mean

SOURCE_MODELS: dict[str, type[Source]] = {
    "files": FilesSource,
    "postgresql": DatabaseSource,
    "mysql": DatabaseSource,
    "mariadb": DatabaseSource,
    "mssql": MssqlSource,
    "sftp": SftpSource,
    "s3": S3Source,
    "gcs": GcsSource,
    "azure": AzureSource,
    "shopify": ShopifySource,
    "hubspot": HubspotSource,
    "salesforce": SalesforceSource,
    "brevo": BrevoSource,
    "klaviyo": KlaviyoSource,
    "google_ads": GoogleAdsSource,
    "meta_ads": MetaAdsSource,
    "prestashop": PrestashopSource,
    "woocommerce": WoocommerceSource,
    "magento": MagentoSource,
    "square": SquareSource,
    "lightspeed": LightspeedSource,
    "matomo": MatomoSource,
    "ga4": Ga4Source,
}
"""Per `connector.type`, the model of a source that has it."""


def source_model(written: object) -> type[Source]:
    """The model of a source as ``written`` in the file: that of its connector's type.

    Where the type is missing or unknown, a model that refuses the type and judges nothing that depends on it.
    """
    connector = written.get("connector") if isinstance(written, dict) else None
    type_ = connector.get("type") if isinstance(connector, dict) else None
    return SOURCE_MODELS.get(type_, _UnknownSource) if isinstance(type_, str) else _UnknownSource


def _choose_model(written: object) -> object:
    return written if isinstance(written, Source) else source_model(written).model_validate(written)


AnySource = Annotated[SerializeAsAny[Source], BeforeValidator(_choose_model)]
"""A source of whichever connector its `connector.type` names."""


def _refuse_type(name: object) -> object:
    hint = did_you_mean(str(name), SOURCE_MODELS)
    raise ValueError(f"there is no connector '{name}'{hint} (known: {', '.join(SOURCE_MODELS)})")


class _UnknownConnector(Connector, extra="ignore"):
    type: Annotated[str, BeforeValidator(_refuse_type)]


class _UnknownMapping(TableMapping):
    options: Any = None


class _UnknownSource(Source):
    connector: _UnknownConnector
    tables: Annotated[Mapping[str, _UnknownMapping], Field(default_factory=dict)]  # Its connector may bring them.
