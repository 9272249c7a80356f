"""The demo authority: trusted for loopback names, useless for any other, and the same one after each start."""

import datetime
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.local.certificates import RENEW_DAYS, SERVER_DAYS, ServerCertificate, server_certificate

NOW = datetime.datetime.now(datetime.UTC)  # handshakes go by the machine's clock


@pytest.fixture
def files(tmp_path: Path) -> ServerCertificate:
    return server_certificate(tmp_path, tmp_path, now=NOW)


def handshake(files: ServerCertificate, name: str) -> None:
    """Complete a TLS handshake in memory as a client that trusts only the authority; raises SSLError."""
    client = ssl.create_default_context(cafile=str(files.authority))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate, files.key)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(down, up, server_hostname=name), server.wrap_bio(up, down, server_side=True)]
    while ends:
        for end in list(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                continue


class TestServerCertificate:
    @pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
    def test_serves_each_loopback_name(self, files: ServerCertificate, name: str) -> None:
        handshake(files, name)

    def test_serves_no_other_name(self, files: ServerCertificate) -> None:
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            handshake(files, "login.example.com")

    def test_authority_can_sign_no_other_name(self, files: ServerCertificate, tmp_path: Path) -> None:
        signer = serialization.load_pem_private_key((tmp_path / "ca-key.pem").read_bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        forged = forge(files, signer, "login.example.com")
        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
            handshake(forged, "login.example.com")

    def test_keys_are_for_us_alone(self, files: ServerCertificate, tmp_path: Path) -> None:
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (files.key, tmp_path / "ca-key.pem")}
        assert modes == {0o600}

    def test_second_start_changes_nothing(self, files: ServerCertificate, tmp_path: Path) -> None:
        before = files.authority.read_bytes(), files.certificate.read_bytes()
        server_certificate(tmp_path, tmp_path, now=NOW)
        assert (files.authority.read_bytes(), files.certificate.read_bytes()) == before

    def test_renewal_keeps_the_authority(self, files: ServerCertificate, tmp_path: Path) -> None:
        before = files.authority.read_bytes(), files.certificate.read_bytes()
        later = NOW + datetime.timedelta(days=SERVER_DAYS - RENEW_DAYS + 1)
        server_certificate(tmp_path, tmp_path, now=later)
        assert files.authority.read_bytes() == before[0]
        assert files.certificate.read_bytes() != before[1]

    def test_lives_no_longer_than_browsers_accept(self, files: ServerCertificate) -> None:
        found = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        assert found.not_valid_after_utc - found.not_valid_before_utc < datetime.timedelta(days=398)


def forge(files: ServerCertificate, signer: ec.EllipticCurvePrivateKey, name: str) -> ServerCertificate:
    genuine = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(genuine.issuer)
        .public_key(genuine.public_key())
        .serial_number(1)
        .not_valid_before(genuine.not_valid_before_utc)
        .not_valid_after(genuine.not_valid_after_utc)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
    )
    path = files.certificate.with_name("forged.pem")
    path.write_bytes(builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return ServerCertificate(files.authority, path, files.key)
