"""The demonstration's certificate authority and its one server certificate, for the loopback names only.

The authority may sign nothing but those names, so a browser that is told to trust it gives away nothing else.
"""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from portal.local.secret_files import write_private

AUTHORITY_DAYS = 3650
SERVER_DAYS = 390  # browsers refuse server certificates that live longer than 398
RENEW_DAYS = 30
ADDRESSES = (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """Paths of PEM files: the authority to trust, the certificate to serve, its key in PKCS 8."""

    authority: Path
    certificate: Path
    key: Path


def server_certificate(folder: Path, keys: Path, *, now: datetime.datetime) -> ServerCertificate:
    """Make what is missing or ends within RENEW_DAYS; the authority stays, and with it the trust of browsers.

    folder  receives ca.pem and server.pem
    keys    receives ca-key.pem and server-key.pem, mode 0600
    """
    files = ServerCertificate(folder / "ca.pem", folder / "server.pem", keys / "server-key.pem")
    if not _lasts(files.authority, now) or not (keys / "ca-key.pem").exists():
        _make_authority(files.authority, keys / "ca-key.pem", now)
        files.certificate.unlink(missing_ok=True)
    if not _lasts(files.certificate, now) or not files.key.exists():
        _make_server(files, keys / "ca-key.pem", now)
    return files


def _lasts(path: Path, now: datetime.datetime) -> bool:
    if not path.exists():
        return False
    end = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    return end > now + datetime.timedelta(days=RENEW_DAYS)


def _make_authority(path: Path, key_path: Path, now: datetime.datetime) -> None:
    key = _make_key(key_path)
    name = _name("Concordat demo authority of this machine")
    permitted = [x509.DNSName("localhost"), *(x509.IPAddress(_network(each)) for each in ADDRESSES)]
    builder = (
        _builder(name, name, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
    )
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def _make_server(files: ServerCertificate, authority_key: Path, now: datetime.datetime) -> None:
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    signer = serialization.load_pem_private_key(authority_key.read_bytes(), password=None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    names = [x509.DNSName("localhost"), *(x509.IPAddress(each) for each in ADDRESSES)]
    key = _make_key(files.key)
    builder = (
        _builder(_name("localhost"), authority.subject, key.public_key(), now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    files.certificate.write_bytes(
        builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime.datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _make_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(path, pem.decode())
    return key


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _network(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(address)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
