"""E-mail addresses: cleaned for display, and reduced to the mailbox for comparison."""

import polars as pl

from pipelines.identity.standardisation.attributes import Attribute, is_real

# Providers that deliver "j.dupont+shop" and "jdupont" to one mailbox (support.google.com/mail/answer/7436150).
DOTS_DO_NOT_COUNT = ("gmail.com", "googlemail.com")
VALID = r"^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$"


def clean_email(text: pl.Expr) -> pl.Expr:
    """The address in lower case, without what surrounds it; null where it is no e-mail address."""
    trimmed = (
        text.str.to_lowercase()
        .str.replace_all(r"[\s\u00a0\u200b]+", "")
        .str.replace(r"^mailto:", "")
        .str.replace(r"^.*<(.*)>$", "${1}")
        .str.strip_chars(".,;:<>\"'")
    )
    return pl.when(trimmed.str.contains(VALID) & ~trimmed.str.contains("..", literal=True)).then(trimmed)


def email_key(email: pl.Expr) -> pl.Expr:
    """The mailbox behind a clean address: no +tag, and no dots where the provider ignores them."""
    user = email.str.extract(r"^([^@+]+)", 1)
    domain = email.str.extract(r"@(.+)$", 1).replace("googlemail.com", "gmail.com")
    plain = pl.when(domain.is_in(DOTS_DO_NOT_COUNT)).then(user.str.replace_all(".", "", literal=True)).otherwise(user)
    return plain + pl.lit("@") + domain


def real_email(text: pl.Expr, attribute: Attribute) -> pl.Expr:
    """The :func:`clean_email`; null also where the address is declared to mean "none"."""
    email = clean_email(text)
    return pl.when(is_real(email, email_key(email), attribute)).then(email)
