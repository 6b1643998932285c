"""Drives a running server with the official Python client and prints one line of JSON per check.

Environment: SERVER_URL and TOKEN (of an organisation). Receives deliveries on its own loopback port.
"""

import datetime
import http.server
import json
import os
import queue
import sys
import threading
import traceback

from svix.api import (
    AppPortalAccessIn,
    ApplicationIn,
    EndpointIn,
    EndpointSecretRotateIn,
    EventExampleIn,
    EventTypeIn,
    MessageAttemptListByEndpointOptions,
    MessageIn,
    RecoverIn,
    Svix,
    SvixOptions,
)
from svix.exceptions import HttpError, HTTPValidationError
from svix.webhooks import Webhook, WebhookVerificationError

WAIT_SECONDS = 60
received: "queue.Queue[tuple[dict, bytes]]" = queue.Queue()


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        received.put((dict(self.headers.items()), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


def check(name):
    """Runs a check at once and reports how it ended; a later check may build on what it returns."""

    def run(work):
        try:
            result = work()
            print(json.dumps({"check": name, "ok": True}), flush=True)
            return result
        except Exception:
            print(json.dumps({"check": name, "ok": False, "detail": traceback.format_exc()}), flush=True)
            return None

    return run


def expect(condition, what="") -> None:
    if not condition:
        raise AssertionError(what)


receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{receiver.server_port}/"
svix = Svix(os.environ["TOKEN"], SvixOptions(server_url=os.environ["SERVER_URL"]))
APP = "python-client"


@check("application.get_or_create, twice")
def _():
    first = svix.application.get_or_create(ApplicationIn(name="Python client", uid=APP))
    expect(svix.application.get_or_create(ApplicationIn(name="Python client", uid=APP)).id == first.id)


@check("event_type.create")
def _():
    svix.event_type.create(EventTypeIn(name="invoice.paid", description="An invoice was paid"))


@check("endpoint.create, endpoint.get_secret")
def endpoint():
    made = svix.endpoint.create(APP, EndpointIn(url=url))
    expect(svix.endpoint.get_secret(APP, made.id).key.startswith("whsec_"))
    return made.id


@check("message.create delivers the bytes, and the client's verifier accepts them")
def message():
    secret = svix.endpoint.get_secret(APP, endpoint).key
    made = svix.message.create(APP, MessageIn(event_type="invoice.paid", payload={"n": 12345678901234567890}))
    headers, body = received.get(timeout=WAIT_SECONDS)
    Webhook(secret).verify(body, headers)
    expect(b"12345678901234567890" in body, body)
    return made.id


@check("the client's verifier rejects a changed body")
def _():
    secret = svix.endpoint.get_secret(APP, endpoint).key
    svix.message.create(APP, MessageIn(event_type="invoice.paid", payload={"a": 1}))
    headers, body = received.get(timeout=WAIT_SECONDS)
    try:
        Webhook(secret).verify(body + b" ", headers)
    except WebhookVerificationError:
        return
    raise AssertionError("a changed body was accepted")


@check("message_attempt.list_by_endpoint, with `after` at the time of the attempt")
def _():
    attempts = svix.message_attempt.list_by_endpoint(APP, endpoint).data
    expect(attempts[-1].msg_id == message, attempts)
    options = MessageAttemptListByEndpointOptions(after=attempts[-1].timestamp)
    again = svix.message_attempt.list_by_endpoint(APP, endpoint, options).data
    expect(attempts[-1].id in [attempt.id for attempt in again], again)


@check("message_attempt.resend keeps the message ID")
def _():
    svix.message_attempt.resend(APP, message, endpoint)
    headers, _body = received.get(timeout=WAIT_SECONDS)
    expect(headers["webhook-id"] == message, headers)


@check("endpoint.rotate_secret returns the new secret, which signs the next delivery")
def _():
    rotated = svix.endpoint.rotate_secret(APP, endpoint, EndpointSecretRotateIn(grace_period_seconds=0))
    expect(rotated.key == svix.endpoint.get_secret(APP, endpoint).key, rotated)
    svix.message.create(APP, MessageIn(event_type="invoice.paid", payload={"a": 2}))
    headers, body = received.get(timeout=WAIT_SECONDS)
    Webhook(rotated.key).verify(body, headers)


@check("endpoint.send_example with a payload")
def _():
    svix.endpoint.send_example(APP, endpoint, EventExampleIn(event_type="invoice.paid", payload={"example": True}))
    _headers, body = received.get(timeout=WAIT_SECONDS)
    expect(json.loads(body) == {"example": True}, body)


@check("endpoint.get_stats, endpoint.get_attempt_stats")
def _():
    expect(svix.endpoint.get_attempt_stats(APP, endpoint).success >= 1)
    expect(svix.endpoint.get_stats(APP, endpoint).fail == 0)


@check("authentication.app_portal_access gives a token that works")
def _():
    access = svix.authentication.app_portal_access(APP, AppPortalAccessIn())
    portal = Svix(access.token, SvixOptions(server_url=os.environ["SERVER_URL"]))
    expect(portal.endpoint.get(APP, endpoint).id == endpoint)


@check("endpoint.recover")
def _():
    since = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    expect(svix.endpoint.recover(APP, endpoint, RecoverIn(since=since)).id.startswith("qtask_"))


@check("an unknown application is an HttpError with status 404 and a code")
def _():
    try:
        svix.application.get("no-such-application")
    except HttpError as error:
        expect((error.status_code, error.code) == (404, "not_found"), vars(error))
        return
    raise AssertionError("no error")


@check("a bad URL is a HTTPValidationError that names the field")
def _():
    try:
        svix.endpoint.create(APP, EndpointIn(url="nonsense"))
    except HTTPValidationError as error:
        expect(error.detail[0].loc[-1] == "url", vars(error))
        return
    raise AssertionError("no error")


receiver.shutdown()
sys.exit(0)
