"""A certificate of a server on this machine, and the authority that signed it."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

AUTHORITY = "authority.pem"


def make_certificate(folder: Path, *, host: str = "localhost") -> ssl.SSLContext:
    """How a server speaks TLS as ``host`` and 127.0.0.1; writes who signed for it into ``folder``."""
    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    signer = _name("Authority of the tests")
    signed = _sign(signer, signer, authority, authority, x509.BasicConstraints(ca=True, path_length=None))
    names = [x509.DNSName(host), *([x509.IPAddress(ip_address("127.0.0.1"))] if host == "localhost" else [])]
    shown = _sign(_name(host), signer, server, authority, x509.SubjectAlternativeName(names))
    (folder / AUTHORITY).write_bytes(signed.public_bytes(Encoding.PEM))
    key, chain = folder / "key.pem", folder / "server.pem"
    key.write_bytes(server.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    chain.write_bytes(shown.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # Of 1.3 the server speaks last, which TDS has no place for.
    context.load_cert_chain(chain, key)
    return context


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _sign(
    subject: x509.Name,
    signer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signing: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(subject_name=subject, issuer_name=signer, public_key=key.public_key())
    dated = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    return dated.not_valid_after(now + timedelta(days=1)).add_extension(extension, False).sign(signing, hashes.SHA256())
