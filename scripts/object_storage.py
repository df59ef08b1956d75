"""An object store on this machine's loopback, for the tests: S3 by moto, Azure Blob Storage by azurite.

    object_storage.py s3 [--ignore-conditions] [--fail PERCENT --seed N]
    object_storage.py azure AZURITE

Prints `listening on PORT` once the bucket (or container) `lake` is there, and ends when its standard input does. It answers
each line on standard input with one:

    count               how many requests were answered since the last time, by kind (S3 only)
    queue PREFIX        makes a queue that is told of new objects below PREFIX; says its URL (Azure: of nothing, `tell` does)
    tell FILE           puts a file as a message into the queue; says `told` (Azure only)
    put FILE NAME       puts a file into `lake`; says `put`
    delete NAME         takes an object away; says `deleted`
    waiting URL         how many messages of a queue are waiting or handed out

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
import urllib.parse
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

    def get_environ(self):
        """With the path as it was asked for: a name may hold `%2F` and `?`."""
        return {**super().get_environ(), "RAW_URI": self.path, "REQUEST_URI": self.path}


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
        word, rest = (line.strip() + " ").split(" ", 1)
        rest = rest.strip()
        if word == "count":
            with application.lock:
                counts = dict(application.counts)
                application.counts.clear()
            say(" ".join(f"{kind}={count}" for kind, count in sorted(counts.items())))
        elif word == "put":
            file, name = rest.split(" ", 1)
            with open(file, "rb") as content:
                client("s3", port).put_object(Bucket=BUCKET, Key=name, Body=content.read())
            say("put")
        elif word == "delete":
            client("s3", port).delete_object(Bucket=BUCKET, Key=rest)
            say("deleted")
        elif word == "queue":
            say(queue(port, rest))
        elif word == "waiting":
            names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            found = client("sqs", port).get_queue_attributes(QueueUrl=rest, AttributeNames=names)["Attributes"]
            say(str(sum(int(found[name]) for name in names)))


def client(service, port):
    import boto3
    from botocore.config import Config

    options = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
    # A body that is not followed by its checksum: some servers store that with it.
    config = Config(request_checksum_calculation="when_required", s3={"addressing_style": "path"})
    return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}", config=config, **options)


def queue(port, prefix):
    sqs = client("sqs", port)
    url = sqs.create_queue(QueueName="landing")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rules = [{"Name": "prefix", "Value": prefix}]
    told = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": rules}}}
    client("s3", port).put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [told]}
    )
    return url


def azure(arguments):
    blobs, port = azurite(arguments.azurite, "blob")
    queues = queue_port = None
    try:
        signed(port, "PUT", f"/{BUCKET}", "restype=container", {}, b"")
        say(f"listening on {port}")
        for line in sys.stdin:
            word, rest = (line.strip() + " ").split(" ", 1)
            rest = rest.strip()
            if word == "put":
                file, name = rest.split(" ", 1)
                with open(file, "rb") as content:
                    signed(port, "PUT", f"/{BUCKET}/{name}", "", {"x-ms-blob-type": "BlockBlob"}, content.read())
                say("put")
            elif word == "delete":
                signed(port, "DELETE", f"/{BUCKET}/{rest}", "", {}, b"")
                say("deleted")
            elif word == "queue":
                queues, queue_port = azurite(arguments.azurite.replace("azurite-blob", "azurite-queue"), "queue")
                signed(queue_port, "PUT", "/landing", "", {}, b"")
                say(f"http://127.0.0.1:{queue_port}/{ACCOUNT}/landing")
            elif word == "tell":
                with open(rest, "rb") as content:
                    text = base64.b64encode(content.read()).decode()
                body = f"<QueueMessage><MessageText>{text}</MessageText></QueueMessage>".encode()
                signed(queue_port, "POST", "/landing/messages", "", {}, body)
                say("told")
            elif word == "waiting":
                answer = signed(queue_port, "GET", "/landing", "comp=metadata", {}, b"")
                say(answer.headers["x-ms-approximate-messages-count"])
    finally:
        for child in filter(None, [blobs, queues]):
            child.kill()


def azurite(command, service):
    """A service of azurite, and where it listens."""
    command = [*command.split(), f"--{service}Host", "127.0.0.1", f"--{service}Port", "0"]
    command += ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in child.stdout:
        found = re.search(r"listens? on https?://127\.0\.0\.1:(\d+)|listening (?:at|on) https?://127\.0\.0\.1:(\d+)", line)
        if found:
            threading.Thread(target=lambda: collections.deque(child.stdout, maxlen=0), daemon=True).start()
            return child, found.group(1) or found.group(2)
    child.kill()
    raise SystemExit("azurite does not say where it listens")


def signed(port, method, path, query, headers, body):
    """A request to azurite, signed with the emulator's key."""
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {"x-ms-date": date, "x-ms-version": "2021-08-06", **headers}
    named = "\n".join(f"{name}:{value}" for name, value in sorted(headers.items()))
    path = urllib.parse.quote(path)
    resource = f"/{ACCOUNT}/{ACCOUNT}{path}"
    if query:
        resource += "\n" + query.replace("=", ":")
    length, kind = str(len(body)) if body else "", "application/octet-stream" if body else ""
    text = f"{method}\n\n\n{length}\n\n{kind}" + "\n" * 7 + f"{named}\n{resource}"
    signature = base64.b64encode(hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()).decode()
    headers["Authorization"] = f"SharedKey {ACCOUNT}:{signature}"
    headers["Content-Length"] = str(len(body))
    if kind:
        headers["Content-Type"] = kind
    url = f"http://127.0.0.1:{port}/{ACCOUNT}{path}" + (f"?{query}" if query else "")
    with urllib.request.urlopen(urllib.request.Request(url, data=body or None, method=method, headers=headers)) as answer:
        answer.read()
        return answer


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
