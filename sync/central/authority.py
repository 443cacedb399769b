"""A small certificate authority of our own, and the server certificate it issues.

Desks trust this authority and no other; it travels to them in the enrolment file. So it lives long, signs nothing but
this server, and depends on nobody. Validity starts a day early: the clock of a PC may lag.
"""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sync.world import World

BACKDATED = timedelta(days=1)
AUTHORITY_LASTS = timedelta(days=20 * 365)
SERVER_LASTS = timedelta(days=10 * 365)
# So that the machine itself can always ask whether its server answers.
OWN_NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Certified:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def make_authority(world: World) -> Certified:
    """A new authority that can sign server certificates and nothing above them."""
    key = ec.generate_private_key(ec.SECP256R1())
    # Part of the name, so that two installations never look alike to somebody who compares them.
    name = _name(f"Kota alert desk {world.chance(4).hex()}")
    own_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        _builder(name, name, key.public_key(), AUTHORITY_LASTS, world)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(own_id, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own_id), critical=False)
    )
    return Certified(builder.sign(key, hashes.SHA256()), key)


def certify_server(own: Certified, hosts: tuple[str, ...], world: World) -> Certified:
    """A certificate for this machine under each of ``hosts`` (names or IP addresses)."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer_id = own.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    names = [_alternative(host) for host in dict.fromkeys((*hosts, *OWN_NAMES))]
    builder = (
        _builder(_name("kota-central"), own.certificate.subject, key.public_key(), SERVER_LASTS, world)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_id), critical=False
        )
    )
    return Certified(builder.sign(own.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    lasts: timedelta,
    world: World,
) -> x509.CertificateBuilder:
    now = datetime.fromtimestamp(world.wall_ms() // 1000, UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        # 159 random bits: positive, and at most 20 bytes as RFC 5280 asks.
        .serial_number(int.from_bytes(world.chance(20)) >> 1)
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + lasts)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
