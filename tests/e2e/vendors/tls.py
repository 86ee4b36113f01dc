# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority for one run, and server certificates by it."""

import datetime
import ipaddress
import os
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


class Authority:
    """Its certificate is the file `ca_path`; the key stays in memory."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = _name("jauth test authority")
        self.ca_path = os.path.join(self.folder, "ca.pem")
        certificate = self._builder(self.subject, self.key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(
                self.key, hashes.SHA256())
        self._write(self.ca_path, certificate.public_bytes(serialization.Encoding.PEM))
        os.chmod(self.ca_path, 0o644)

    def _builder(self, subject, public_key):
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.subject)
                .public_key(public_key).serial_number(x509.random_serial_number())
                .not_valid_before(now - DAY).not_valid_after(now + 30 * DAY))

    @staticmethod
    def _write(path, data):
        with open(path, "wb") as file:
            file.write(data)

    def issue(self, name, hosts):
        """(certificate file, key file) of a server with these names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (self._builder(_name(name), key.public_key())
                       .add_extension(x509.SubjectAlternativeName(
                           [_alternative(host) for host in hosts]), critical=False)
                       .add_extension(x509.ExtendedKeyUsage(
                           [ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
                       .sign(self.key, hashes.SHA256()))
        paths = [os.path.join(self.folder, name + end) for end in (".pem", ".key")]
        self._write(paths[0], certificate.public_bytes(serialization.Encoding.PEM))
        self._write(paths[1], key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        return paths

    def server_context(self, name, hosts):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name, hosts))
        return context
