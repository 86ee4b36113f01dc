# SPDX-License-Identifier: GPL-3.0-or-later
"""What the vendors in this folder share: an https server with a table of routes, strict about
what it is asked, with faults of transport on demand."""

import collections
import http.server
import json
import ssl
import threading
import time
import urllib.parse

FORM = "application/x-www-form-urlencoded"
BODY_MAX = 65536


class Request:
    def __init__(self, handler, body):
        self.method = handler.command
        self.client = handler.client_address[0]
        self.target = handler.path      # path and query as they came
        self.path, _, query = handler.path.partition("?")
        self.query = parse_parameters(query)
        self.headers = handler.headers
        self.content_type = handler.headers.get("Content-Type", "").partition(";")[0].lower()
        self.body = body
        self.form = parse_parameters(body.decode()) if self.content_type == FORM else {}

    def header(self, name):
        return self.headers.get(name, "")


def parse_parameters(text):
    """Parameters of a query or form; one that comes twice is kept as a list."""
    result = {}
    for name, value in urllib.parse.parse_qsl(text, keep_blank_values=True):
        result[name] = value if name not in result else [result[name], value]
    return result


class Reply:
    def __init__(self, status=200, body=b"", content_type="application/json", headers=None):
        self.status = status
        self.body = body if isinstance(body, bytes) else body.encode()
        self.content_type = content_type
        self.headers = headers or {}


def json_reply(value, status=200, **headers):
    return Reply(status, json.dumps(value), headers={"Cache-Control": "no-store", **headers})


class Fault:
    """What happens to the next `times` replies of an endpoint. Kinds: see Server._send_fault."""

    def __init__(self, kind, times=1, **details):
        self.kind = kind
        self.times = times
        self.details = details


class Refusal(Exception):
    """A request the vendor does not take: becomes a reply and a complaint."""

    def __init__(self, status, error, complaint):
        super().__init__(complaint)
        self.status = status
        self.error = error


class Server:
    """A subclass fills `routes`: (method, path) → (endpoint's name, function of a Request)."""

    address = "127.0.0.1"               # where it listens

    def __init__(self, authority, host, port=0, name="vendor", hosts=()):
        self.host = host
        self.lock = threading.RLock()
        self.faults = collections.defaultdict(list)
        self.complaints = []            # requests a real vendor would refuse, in words
        self.requests = []              # (time, endpoint) of every request
        self.routes = {}
        self.plain = None
        self.http = self._listener(port)
        context = authority.server_context(name, [host, "localhost", "127.0.0.1", *hosts])
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True,
                                               do_handshake_on_connect=False)
        self.port = self.http.server_address[1]

    def _listener(self, port):
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            timeout = 120

            def log_message(self, *_):
                pass

            def _serve(self):
                server.serve(self)

            do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = _serve

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_):
                pass                    # clients that leave are a case of the tests

        return Listener((self.address, port), Handler)

    def start(self):
        self._serve_in_thread(self.http)
        return self

    def serve_plain(self, port=0):
        """The same without TLS, for a browser that does not know our authority."""
        self.plain = self._listener(port)
        self._serve_in_thread(self.plain)
        return self.plain.server_address[1]

    @staticmethod
    def _serve_in_thread(listener):
        threading.Thread(target=listener.serve_forever, args=[0.05], daemon=True).start()

    def stop(self):
        for listener in filter(None, (self.http, self.plain)):
            listener.shutdown()
            listener.server_close()

    # --- one request ---

    def serve(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        if length > BODY_MAX:
            handler.close_connection = True
            return
        request = Request(handler, handler.rfile.read(length))
        endpoint, function = self.route(request)
        with self.lock:
            self.requests.append((time.monotonic(), endpoint))
            fault = self._take_fault(endpoint)
        if fault and self._send_fault(handler, fault):
            return
        self._send(handler, self._answer(function, request))

    def route(self, request):
        row = self.routes.get((request.method, request.path))
        if row:
            return row
        return "unknown", self._unknown

    @staticmethod
    def want_parameters(request, names):
        """Exactly these, once each and in this order, as a vendor's page writes them."""
        query = request.target.partition("?")[2]
        pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
        if [name for name, _ in pairs] != names:
            raise Refusal(400, "parameters", f"{request.path}: parameters are "
                          f"{[name for name, _ in pairs]}")
        return dict(pairs)

    def _unknown(self, request):
        raise Refusal(404, "not_found", f"no such endpoint: {request.method} {request.path}")

    def _answer(self, function, request):
        try:
            with self.lock:
                return function(request)
        except Refusal as refusal:
            self.complaints.append(str(refusal))
            return json_reply({"error": refusal.error}, refusal.status)

    @staticmethod
    def _send(handler, reply):
        handler.send_response(reply.status)
        handler.send_header("Content-Type", reply.content_type)
        handler.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(reply.body)

    # --- faults ---

    def fault(self, endpoint, kind, times=1, **details):
        with self.lock:
            self.faults[endpoint].append(Fault(kind, times, **details))

    def clear_faults(self):
        with self.lock:
            self.faults.clear()

    def _take_fault(self, endpoint):
        waiting = self.faults.get(endpoint)
        if not waiting:
            return None
        fault = waiting[0]
        fault.times -= 1
        if fault.times <= 0:
            waiting.pop(0)
        return fault

    def _send_fault(self, handler, fault):
        """True when the reply has been dealt with."""
        kinds = {
            "slow": self._fault_slow,
            "reset": self._fault_reset,
            "cut": self._fault_cut,
            "huge": self._fault_huge,
            "malformed": self._fault_malformed,
            "status": self._fault_status,
            "json": self._fault_json,
            "redirect": self._fault_redirect,
        }
        return kinds[fault.kind](handler, **fault.details)

    def _fault_slow(self, _handler, seconds=5):
        time.sleep(seconds)
        return False

    def _fault_reset(self, handler):
        handler.close_connection = True
        return True

    def _fault_cut(self, handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"access_token": "cut')
        handler.close_connection = True
        return True

    def _fault_huge(self, handler, size=8 * 1024 * 1024):
        handler.close_connection = True
        try:
            self._send(handler, Reply(200, b'{"a": "' + b"x" * size + b'"}'))
        except (OSError, ssl.SSLError):
            pass                        # the client has hung up, as it should
        return True

    def _fault_malformed(self, handler, body='{"access_token": '):
        self._send(handler, Reply(200, body))
        return True

    def _fault_status(self, handler, status=503, retry_after=None):
        headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
        self._send(handler, Reply(status, "<html>sorry</html>", "text/html", headers))
        return True

    def _fault_json(self, handler, value=None, status=200):
        self._send(handler, json_reply(value, status))
        return True

    def _fault_redirect(self, handler, location=None):
        self._send(handler, Reply(302, b"", headers={"Location": location}))
        return True


# --- checks that every vendor makes ---

def require_form(request, required, optional=()):
    """The form of a POST: its content type, the parameters it must have and may have."""
    if request.content_type != FORM:
        raise Refusal(400, "invalid_request", f"content type is {request.content_type!r}")
    if request.query:
        raise Refusal(400, "invalid_request", f"parameters in the URL: {sorted(request.query)}")
    form = request.form
    for name in required:
        if not form.get(name):
            raise Refusal(400, "invalid_request", f"{request.path} lacks {name}")
    for name, value in form.items():
        if name not in required and name not in optional:
            raise Refusal(400, "invalid_request", f"{request.path} has the parameter {name}")
        if isinstance(value, list):
            raise Refusal(400, "invalid_request", f"{request.path} has {name} twice")
    return form
