# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of jauth-http share: the program, its frames, https servers that obey or not."""

import contextlib
import datetime
import ipaddress
import os
import pathlib
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ports import free_port

REQUEST, CANCEL, REPLY, PING, PONG = range(1, 6)
GET, POST, DELETE, PUT = range(1, 5)
DONE, NOT_SENT, TIMED_OUT, BROKEN = range(1, 5)
TEXTS = ["content_type", "cache_control", "link", "retry_after", "ratelimit_remaining",
         "cookies", "date", "certificate_until", "error"]
BODY_MAX = 512 * 1024


def program():
    build = os.environ.get("JAUTH_BUILD")
    return f"{build}/jauth-http/jauth-http" if build else "/usr/libexec/jauth/jauth-http"


# --- certificates ---

class Authority:
    """A certification authority; its servers' files lie in `folder`."""

    def __init__(self, folder, name="test authority"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key.public_key(),
                                      [x509.BasicConstraints(ca=True, path_length=0)])
        self.file = self.folder / "ca.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _sign(self, subject, public_key, extensions, days=1):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                   .public_key(public_key).serial_number(x509.random_serial_number())
                   .not_valid_before(now - datetime.timedelta(days=30))
                   .not_valid_after(now + datetime.timedelta(days=days)))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, *names, days=1):
        """Certificate and key of a server in one PEM file; days < 0: expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [x509.IPAddress(ipaddress.ip_address(name))
                        if name.replace(".", "").isdigit() else x509.DNSName(name)
                        for name in names]
        certificate = self._sign(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")]), key.public_key(),
            [x509.SubjectAlternativeName(alternatives)], days)
        path = self.folder / f"server-{'-'.join(names)}-{days}.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        return path


# --- servers ---

class Request:
    def __init__(self, connection, method, path, headers, body):
        self.connection = connection     # number of the connection it came on
        self.method = method
        self.path = path
        self.headers = headers           # names in lower case
        self.body = body


def response(status=200, body=b"", headers=()):
    lines = [f"HTTP/1.1 {status} Test", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Server:
    """An https server on loopback. `answer(stream, request)` writes what it likes to the stream and
    returns True to keep the connection; without TLS when `certificate` is None."""

    def __init__(self, certificate, answer):
        self.answer = answer
        self.requests = []
        self.n_connections = 0
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=300)
        self.port = self.listener.getsockname()[1]
        self.url = f"https://localhost:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            self.n_connections += 1
            threading.Thread(target=self._serve, args=[stream, self.n_connections],
                             daemon=True).start()

    def _serve(self, stream, number):
        with contextlib.suppress(OSError, UnicodeDecodeError), stream:
            if self.context:
                stream = self.context.wrap_socket(stream, server_side=True)
            with stream, stream.makefile("rb") as lines:
                self._talk(stream, lines, number)

    def _talk(self, stream, lines, number):
        while request := self._read(lines, number):
            self.requests.append(request)
            if not self.answer(stream, request):
                return

    @staticmethod
    def _read(lines, number):
        first = lines.readline().split()
        if len(first) < 2:
            return None
        headers = {}
        while (line := lines.readline().strip()):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = lines.read(int(headers.get("content-length", 0)))
        return Request(number, first[0].decode(), first[1].decode(), headers, body)

    def close(self):
        self.listener.close()


class RefusingServer(Server):
    """Prefers HTTP/2 and refuses every stream of it (RFC 9113 section 8.7), which tells the client
    that he may repeat the request. HTTP/1.1 is served."""
    HEADERS, RST_STREAM, SETTINGS = 1, 3, 4
    ACK, REFUSED_STREAM = 1, 7

    def __init__(self, certificate, answer):
        super().__init__(certificate, answer)
        self.n_refused = 0
        self.context.set_alpn_protocols(["h2", "http/1.1"])

    @staticmethod
    def _frame(kind, flags, stream_id, payload=b""):
        return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags,
                                                                 stream_id) + payload

    def _talk(self, stream, lines, number):
        if stream.selected_alpn_protocol() != "h2":
            super()._talk(stream, lines, number)
            return
        lines.read(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
        stream.sendall(self._frame(self.SETTINGS, 0, 0))
        while len(head := lines.read(9)) == 9:
            kind, flags, stream_id = struct.unpack(">BBI", head[3:])
            lines.read(int.from_bytes(head[:3], "big"))
            if kind == self.SETTINGS and not flags & self.ACK:
                stream.sendall(self._frame(self.SETTINGS, self.ACK, 0))
            elif kind == self.HEADERS:
                self.n_refused += 1
                stream.sendall(self._frame(self.RST_STREAM, 0, stream_id,
                                           struct.pack(">I", self.REFUSED_STREAM)))


class ConnectProxy:
    """An HTTP proxy that makes tunnels (RFC 9110 section 9.3.6) and nothing else, and
    tells of everything it should not have been sent. `answer(stream)`: what it does instead."""
    HEADERS = {"host", "user-agent", "proxy-connection"}

    def __init__(self, certificate=None, answer=None, address="127.0.0.1"):
        self.answer = answer
        self.targets = []
        self.wrong = []
        self.passed = bytearray()        # what clients sent through the tunnels
        self.tunnels = []
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.listener = socket.create_server((address, 0), backlog=300)
        scheme = "https" if certificate else "http"
        host = "localhost" if address == "127.0.0.1" else address
        self.url = f"{scheme}://{host}:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[stream], daemon=True).start()

    def _serve(self, stream):
        with contextlib.suppress(OSError), stream:
            if self.context:
                stream = self.context.wrap_socket(stream, server_side=True)
            with stream:
                self._talk(stream)

    def _talk(self, stream):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            part = stream.recv(1)        # not one byte of what is for the server
            if not part:
                return
            head += part
        target = self._check(head.decode("ascii").split("\r\n")[:-2])
        self.targets.append(target)
        if self.answer:
            self.answer(stream)
            return
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as server:
            stream.sendall(b"HTTP/1.1 200 Connection established\r\nX-Proxy: one\r\n"
                           b"Content-Type: text/of-the-proxy\r\n\r\n")
            self.tunnels.append(stream)
            back = threading.Thread(target=self._pass, args=[server, stream, bytearray()],
                                    daemon=True)
            back.start()
            self._pass(stream, server, self.passed)
            back.join()

    def _check(self, lines):
        method, target, version = lines[0].split(" ")
        names = [line.partition(":")[0].lower() for line in lines[1:]]
        if (method, version) != ("CONNECT", "HTTP/1.1"):
            self.wrong.append(lines[0])
        if f"Host: {target}" not in lines[1:]:
            self.wrong.append("Host is not the target")
        self.wrong += [name for name in names if name not in self.HEADERS]
        return target

    @staticmethod
    def _pass(source, sink, kept):
        with contextlib.suppress(OSError):
            while part := source.recv(65536):
                kept += part
                sink.sendall(part)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self):
        """Ends all tunnels, as a proxy that crashes."""
        for tunnel in self.tunnels:
            with contextlib.suppress(OSError):
                tunnel.shutdown(socket.SHUT_RDWR)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)     # else accept() goes on
        self.listener.close()


def keeps(body=b"ok", **more):
    """An answer function that always says the same and keeps the connection."""
    def answer(stream, _request):
        stream.sendall(response(body=body, **more))
        return True
    return answer


NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid;
error_log stderr warn;
events {{ worker_connections 400; }}
http {{
    log_format short '$server_protocol $connection $connection_requests $request_method $uri';
    access_log {folder}/access short;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/p;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {certificate}; ssl_certificate_key {certificate};
        location / {{ proxy_pass http://unix:{folder}/inner; }}
    }}
    # Behind a proxy, so that bodies are read before the answer: else nginx may reset the stream.
    server {{
        listen unix:{folder}/inner;
        access_log off;
        location / {{ default_type application/json; return 200 '{body}'; }}
    }}
}}
"""


class Nginx:
    """A server that speaks HTTP/2 and answers everything with the same body."""

    def __init__(self, folder, certificate, body):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        config = self.folder / "nginx.conf"
        config.write_text(NGINX.format(folder=self.folder, port=self.port, body=body,
                                       certificate=certificate))
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-e", "stderr", "-c", str(config)])
        wait_for_port(self.port)

    def access(self):
        return (self.folder / "access").read_text().splitlines()

    def close(self):
        self.process.terminate()
        self.process.wait()


def wait_until(condition, timeout=10):
    end = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return value


def wait_for_port(port):
    def connects():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
        return False
    wait_until(connects)


# --- frames ---

def field(data):
    return struct.pack("<I", len(data)) + data


def number_field(number):
    return field(struct.pack("<I", number))


def frame(kind, number, fields=b""):
    rest = bytes([kind]) + struct.pack("<Q", number) + fields
    return struct.pack("<I", len(rest)) + rest


def request_fields(url, method=GET, headers=(), body=b"", connect_ms=5000, total_ms=10000,
                   max_body=BODY_MAX, once=0, proxy=""):
    return b"".join([number_field(method), field(url.encode()), field(proxy.encode()),
                     number_field(len(headers)),
                     *(field(header.encode()) for header in headers), field(body),
                     number_field(connect_ms), number_field(total_ms), number_field(max_body),
                     number_field(once)])


class Reply:
    def __init__(self, fields):
        parts = []
        while fields:
            length, = struct.unpack_from("<I", fields)
            parts.append(fields[4:4 + length])
            fields = fields[4 + length:]
        assert len(parts) == 3 + len(TEXTS)
        self.result, = struct.unpack("<I", parts[0])
        self.status, = struct.unpack("<I", parts[1])
        for name, part in zip(TEXTS, parts[2:]):
            setattr(self, name, part.decode("ascii"))
        self.body = parts[-1]

    def __repr__(self):
        return f"<Reply {self.result} {self.status} {self.error!r}>"


class Client:
    """A connection to jauth-http as jauthd has it."""

    def __init__(self, path, timeout=15):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.last = 0

    def send(self, kind, number, fields=b""):
        self.socket.sendall(frame(kind, number, fields))

    def ask(self, url, **more):
        self.last += 1
        self.send(REQUEST, self.last, request_fields(url, **more))
        return self.last

    def _exactly(self, length):
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def receive(self):
        """The next frame: type, number, fields. EOFError when the other side has closed."""
        length, = struct.unpack("<I", self._exactly(4))
        rest = self._exactly(length)
        return rest[0], struct.unpack_from("<Q", rest, 1)[0], rest[9:]

    def reply(self):
        """The next reply and its number."""
        kind, number, fields = self.receive()
        assert kind == REPLY
        return number, Reply(fields)

    def fetch(self, url, **more):
        number = self.ask(url, **more)
        got, reply = self.reply()
        assert got == number
        return reply

    def ping(self, number=1):
        self.send(PING, number)
        return self.receive() == (PONG, number, b"")

    def is_closed(self):
        """True when the other side has ended the connection, waiting for it a while."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()


# --- the program ---

class JauthHttp:
    def __init__(self, folder, *options, user="root", environment=None):
        self.folder = pathlib.Path(folder)
        self.path = self.folder / "socket"
        self.argv = [program(), "--socket", str(self.path), "--client-user", user, *options]
        self.environment = environment or {}
        self.clients = []
        self.process = None

    def start(self):
        notify = self.folder / "notify"
        notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(notify))
            listener.settimeout(10)
            with open(self.folder / "log", "ab") as log:
                self.process = subprocess.Popen(
                    self.argv, stderr=log,
                    env={**self.environment, "NOTIFY_SOCKET": str(notify)})
            assert listener.recv(100) == b"READY=1"
        return self

    def client(self, **more):
        client = Client(self.path, **more)
        self.clients.append(client)
        return client

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def send_signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        for client in self.clients:
            client.close()
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(10)

    def core(self):
        """What lies in its memory now."""
        prefix = self.folder / "core"
        subprocess.run([shutil.which("gcore"), "-o", str(prefix), str(self.process.pid)],
                       check=True, capture_output=True)
        path = pathlib.Path(f"{prefix}.{self.process.pid}")
        content = path.read_bytes()
        path.unlink()
        return content
