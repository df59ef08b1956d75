"""An object store on this machine's loopback, for the tests: S3 by moto, Azure Blob Storage by azurite.

    object_storage.py s3 [--ignore-conditions] [--fail PERCENT --seed N]
    object_storage.py azure AZURITE

Prints `listening on PORT` once the bucket (or container) `lake` is there, and ends when its standard input does. For each
line `count` on standard input it prints how many requests were answered since the last one, by kind.

The requests for S3 are answered one at a time: moto looks for an object and writes it in two steps, and a store that keeps
conditional puts does both in one.
"""

import argparse
import base64
import collections
import datetime
import hashlib
import hmac
import os
import random
import re
import socketserver
import subprocess
import sys
import threading
import urllib.request
from wsgiref import simple_server

BUCKET = "lake"
ACCOUNT = "devstoreaccount1"
# The key that every emulator of Azure has; it is public.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class Application:
    """What moto answers, one request at a time, with the faults that were asked for."""

    def __init__(self, arguments):
        from moto.server import DomainDispatcherApplication, create_backend_app

        self.answer = DomainDispatcherApplication(create_backend_app)
        self.arguments = arguments
        self.chance = random.Random(arguments.seed)
        self.lock = threading.Lock()
        self.counts = collections.Counter()

    def __call__(self, environ, start):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        with self.lock:
            self.counts[self.kind(environ)] += 1
            if self.arguments.ignore_conditions:
                environ.pop("HTTP_IF_NONE_MATCH", None)
            fault = self.chance.random() * 100 < self.arguments.fail
            status = self.chance.choice(["500 Internal Server Error", "503 Slow Down", "429 Too Many Requests"])
            # Half of the faults come after the work is done: the answer is lost.
            done = self.chance.random() < 0.5
            if fault and not done:
                return refuse(start, status)
            if fault and self.arguments.conflicts and environ.get("HTTP_IF_NONE_MATCH") == "*":
                return refuse(start, "409 Conflict")
            environ["wsgi.input"] = Body(body)
            said = []
            pieces = list(self.answer(environ, lambda *head: said.append(head) or (lambda _: None)))
            if fault:
                return refuse(start, status)
            start(*said[0][:2])
            return pieces

    @staticmethod
    def kind(environ):
        method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
        if method == "GET" and "list-type" in query:
            return "LIST"
        return method


class Body:
    """A request's body, that moto reads whole."""

    def __init__(self, content):
        self.content = content

    def read(self, size=-1):
        taken = self.content if size is None or size < 0 else self.content[:size]
        self.content = self.content[len(taken) :]
        return taken


def refuse(start, status):
    start(status, [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return [b""]


class Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    daemon_threads = True
    request_queue_size = 128


class Handler(simple_server.WSGIRequestHandler):
    def log_message(self, *_):
        pass

    def address_string(self):
        return self.client_address[0]


def s3(arguments):
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "testing")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "testing")
    application = Application(arguments)
    fail, arguments.fail = arguments.fail, 0
    server = simple_server.make_server("127.0.0.1", 0, application, server_class=Server, handler_class=Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    put = urllib.request.Request(f"http://127.0.0.1:{port}/{BUCKET}", method="PUT")
    put.add_header("Authorization", "AWS4-HMAC-SHA256 Credential=testing/20200101/us-east-1/s3/aws4_request")
    urllib.request.urlopen(put).read()
    arguments.fail = fail
    application.counts.clear()
    say(f"listening on {port}")
    for line in sys.stdin:
        if line.strip() == "count":
            with application.lock:
                counts = dict(application.counts)
                application.counts.clear()
            say(" ".join(f"{kind}={count}" for kind, count in sorted(counts.items())))


def azure(arguments):
    command = [*arguments.azurite.split(), "--blobHost", "127.0.0.1", "--blobPort", "0"]
    command += ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        port = None
        for line in child.stdout:
            found = re.search(r"listens? on https?://127\.0\.0\.1:(\d+)|listening (?:at|on) https?://127\.0\.0\.1:(\d+)", line)
            if found:
                port = found.group(1) or found.group(2)
                break
        if port is None:
            raise SystemExit("azurite does not say where it listens")
        threading.Thread(target=lambda: collections.deque(child.stdout, maxlen=0), daemon=True).start()
        make_container(port)
        say(f"listening on {port}")
        sys.stdin.read()
    finally:
        child.kill()


def make_container(port):
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {"x-ms-date": date, "x-ms-version": "2021-08-06"}
    named = "\n".join(f"{name}:{value}" for name, value in sorted(headers.items()))
    resource = f"/{ACCOUNT}/{ACCOUNT}/{BUCKET}\nrestype:container"
    signed = "PUT" + "\n" * 12 + f"{named}\n{resource}"
    signature = base64.b64encode(hmac.new(base64.b64decode(KEY), signed.encode(), hashlib.sha256).digest()).decode()
    headers["Authorization"] = f"SharedKey {ACCOUNT}:{signature}"
    headers["Content-Length"] = "0"
    url = f"http://127.0.0.1:{port}/{ACCOUNT}/{BUCKET}?restype=container"
    urllib.request.urlopen(urllib.request.Request(url, method="PUT", headers=headers)).read()


def say(line):
    print(line, flush=True)


def main():
    parser = argparse.ArgumentParser()
    kinds = parser.add_subparsers(required=True)
    one = kinds.add_parser("s3")
    one.add_argument("--ignore-conditions", action="store_true", help="answer conditional puts as if they had no condition")
    one.add_argument("--fail", type=float, default=0, help="the share of requests that are answered with 500, 503 or 429")
    one.add_argument("--conflicts", action="store_true", help="of those, conditional puts with 409")
    one.add_argument("--seed", type=int, default=1)
    one.set_defaults(run=s3)
    other = kinds.add_parser("azure")
    other.add_argument("azurite", help="the command that starts azurite's blob service")
    other.set_defaults(run=azure)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
