"""A record's values as its owner would print them: what people are shown beside what was compared."""

from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.identity.model.specification import Field

_PRINTED = {
    # The display columns that hold a field's value; others are shown as they are compared.
    "first_name": ("first_name",),
    "last_name": ("last_name",),
    "birth_date": ("birth_date",),
    "email": ("email",),
    "street": ("address",),
    "locality": ("postcode", "city"),
    "loyalty_card": ("loyalty_card_id",),
    "gender": ("civility",),
}
# A phone number stands in either column, and is compared as what it is; where it is withdrawn, only these are left.
_WITHDRAWN_PHONE = {"mobile": ("mobile", "phone"), "landline": ("phone", "mobile")}


def shown_value(field: Field, row: Mapping[str, Any]) -> str | None:
    """The value of ``field`` in a row of ``identity/records``, None where there is none."""
    printed = " ".join(str(row[column]) for column in _PRINTED.get(field.name, ()) if row[column] is not None)
    if printed:
        return printed
    key = row[field.column]
    if key is None and field.name in withdrawn_fields(row, (field,)):
        return next((row[column] for column in _WITHDRAWN_PHONE.get(field.name, ()) if row[column] is not None), None)
    return None if key is None else str(key)


def withdrawn_fields(row: Mapping[str, Any], fields: Iterable[Field]) -> tuple[str, ...]:
    """The fields whose value in this row does not count as evidence: too many names share it, or a crowd goes by it."""
    shared = set((row["shared_values"] or "").split(","))
    if "name" in shared:
        shared |= {"first", "last"}
    return tuple(field.name for field in fields if field.column.removesuffix("_key") in shared)
