#!/usr/bin/env python3
"""Derives request vectors for providers that have no library or published request to check against.

Signatures are computed here with Python's hashlib and hmac, and with the package `cryptography` for Paddle Classic,
never with @posthorn/webhooks: a signature from the code under test would only prove that the code agrees with itself.
The schemes are those of the providers' documentation, named in the `note` of each accepted request.

    pip install cryptography
    python3 vectors/derive.py           # replaces the derived requests of these providers in providers.json
    python3 vectors/derive.py --check   # fails if providers.json differs from what this script derives

Requests of these providers that a library has checked stay as they are. Every secret is made up. Requests that were recorded before this
script are not made here; their signatures are computed again and compared (`RECORDED`).
"""

import base64
import datetime
import gzip
import hashlib
import hmac
import json
import pathlib
import re
import sys
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

FILE = pathlib.Path(__file__).with_name("providers.json")
NOW = datetime.datetime(2026, 1, 15, 12, tzinfo=datetime.timezone.utc)
UNIX = int(NOW.timestamp())
URL = "https://hooks.example.com/in/abc"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
#: Public key without a known private key: it made no signature in the file.
OTHER_RSA_KEY = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAq+6zGKHZGb1HbOmpeHKK
EsDxIuj71VM9d6kCRT5KK3hjwNkQEkKww+CQs8kamlOo9HfzMMCioOpc0oNEE7T6
STCp6q8LshVxhlQxUoJySKD3c826ozO02uALgxPlqj0MOchhI7h1bn4IuP4rITyQ
DhBgQinvNvHiuMECKoeZxYmhITnFnwTKafSpWRbBUEt1uVoAN3NSt+fBHxPvwNZf
Qac3RmsQhnMdFgwKZo0/iS/CAlTdhqZkGMHSPJx0RohmP1WD4uURfj/g6zuo9x8+
pEB4xFkuwtHO0HLQVdgqxEWjIvdtA8KQxT5v17icDdbyeykkKxa3S39hxbhSBVjn
sQIDAQAB
-----END PUBLIC KEY-----
"""


# --- schemes, each written from its specification ---


def mac(secret, *parts, algorithm="sha256"):
    """HMAC (RFC 2104) as bytes. Texts are UTF-8."""
    return hmac.new(as_bytes(secret), b"".join(map(as_bytes, parts)), algorithm).digest()


def as_bytes(value):
    return value if isinstance(value, bytes) else str(value).encode()


def b64(value):
    return base64.b64encode(as_bytes(value)).decode()


def b64url(value):
    return base64.urlsafe_b64encode(as_bytes(value)).decode().rstrip("=")


def token(claims, secret, algorithm="HS256"):
    """Compact JSON Web Token (RFC 7515): signed with HS256, or with `none` as an attacker would send it."""
    compact = {"separators": (",", ":")}
    head = b64url(json.dumps({"typ": "JWT", "alg": algorithm}, **compact))
    signed = f"{head}.{b64url(json.dumps(claims, **compact))}"
    return f"{signed}.{'' if algorithm == 'none' else b64url(mac(secret, signed))}"


def qsh(method, path, query):
    """Query string hash of Atlassian Connect: SHA-256 of `METHOD&path&query`, the query sorted and percent-encoded."""
    encode = lambda text: urllib.parse.quote(text, safe="-._~")
    values = {}
    for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True):
        if name != "jwt":
            values.setdefault(name, []).append(value)
    pairs = "&".join(f"{encode(name)}={','.join(map(encode, sorted(values[name])))}" for name in sorted(values))
    return hashlib.sha256(f"{method}&{path}&{pairs}".encode()).hexdigest()


def php_serialize(fields):
    """What Paddle Classic signs: PHP's serialize() of the fields without the signature, sorted by name, all strings."""
    text = lambda value: f's:{len(value.encode())}:"{value}";'
    items = sorted((name, value) for name, value in fields if name != "p_signature")
    return f"a:{len(items)}:{{{''.join(text(name) + text(value) for name, value in items)}}}"


# --- requests ---


class Request:
    """One variant of a provider's requests: the accepted one, and what is changed in it to be rejected."""

    def __init__(self, provider, variant, scheme, note, body, headers, secrets=(), url=URL, config=None, time=NOW, keys=None):
        self.base = {
            "provider": provider,
            "variant": variant,
            "scheme": scheme,
            "secrets": list(secrets),
            **({"publicKeys": keys} if keys else {}),
            **({"config": config} if config else {}),
            "method": "POST",
            "url": url,
            "headers": headers,
            "body": as_bytes(body),
            "time": time,
        }
        self.vectors = []
        self.add("valid", True, note)

    def add(self, case, valid=False, note=None, **changes):
        fields = {**self.base, **changes}
        time = fields.pop("time")
        body = b64(fields.pop("body"))
        vector = {"id": f"{fields['provider']}/{fields['variant']}/{case}", "kind": "request"}
        for name in ("provider", "variant"):
            vector[name] = fields.pop(name)
        vector |= {"case": case, "scheme": fields.pop("scheme")}
        vector |= {name: fields[name] for name in ("secrets", "publicKeys", "config", "method", "url", "headers") if name in fields}
        vector |= {"body": body, "bodyEncoding": "base64"}
        vector |= {"time": time.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "timeMs": int(time.timestamp() * 1000)}
        vector |= {"expectValid": valid, "oracle": None, "oracleAccepts": None, "refAccepts": None, "evidence": "derived"}
        if note is not None:
            vector["note"] = note
        self.vectors.append(vector)
        return self

    def without(self, header, case):
        """The same request without one header."""
        return self.add(case, headers={name: value for name, value in self.base["headers"].items() if name != header})

    def wrong_secret(self, *secrets):
        return self.add("wrong-secret", secrets=list(secrets or ["another-secret"]))

    def changed_body(self):
        """One byte more at the end: a signature covers the bytes as they were sent."""
        return self.add("changed-body", body=self.base["body"] + b" ", note="one more byte than was signed")

    def later(self, seconds, case="stale-timestamp"):
        return self.add(case, time=NOW + datetime.timedelta(seconds=seconds), note=f"received {seconds} s after it was signed")


def static_header(provider, header, secret, body, note, variant="static-header", config=None, presented=None, extra=JSON):
    """A fixed value in a header. It says nothing about the body."""
    request = Request(
        provider,
        variant,
        f"{header} equals the configured value (no signature)",
        note,
        body,
        {**extra, header: presented or secret},
        [secret],
        config=config,
    )
    return request.wrong_secret().without(header, "missing-header").add(
        "empty-header", headers={**extra, header: ""}
    )


def url_secret(provider, body, note, headers=JSON, parameter="secret"):
    """A secret in the query of the URL, for providers that authenticate in no other way."""
    secret = f"{provider}-url-secret"
    request = Request(
        provider,
        "url-secret",
        f"the query parameter {parameter} of the URL equals the secret (the provider does not authenticate)",
        note,
        body,
        headers,
        [secret],
        url=f"{URL}?{parameter}={secret}",
    )
    return request.wrong_secret().add("missing-parameter", url=URL).add("other-parameter", url=f"{URL}?{parameter}={secret}x")


def rejections(existing, note=None):
    """Rejected requests for an accepted one that is in the file already. The accepted one is not derived."""
    request = Request.__new__(Request)
    request.base = {
        **{name: existing[name] for name in ("provider", "variant", "scheme", "secrets", "method", "url", "headers")},
        **{name: existing[name] for name in ("publicKeys", "config") if name in existing},
        "body": base64.b64decode(existing["body"]),
        "time": datetime.datetime.fromtimestamp(existing["timeMs"] / 1000, datetime.timezone.utc),
    }
    request.vectors = []
    return request


def derive(accepted):
    """All derived vectors. `accepted` maps IDs to requests of the file that a library or a published example made."""
    by_id = lambda vector_id: rejections(accepted[vector_id])
    made = []

    # Azure Container Registry sends no header but those that the user configures.
    acr = json.dumps({"id": "cb8c3971-9adc-488b-bdd8-43cbb4974ff5", "timestamp": "2026-01-15T12:00:00Z", "action": "push",
                      "target": {"repository": "hello-world", "tag": "v1"}})
    source = "learn.microsoft.com/azure/container-registry/container-registry-webhook-reference: custom headers only"
    made += [
        static_header("acr", "Authorization", "acr-secret", acr, source, presented="Bearer acr-secret"),
        static_header("acr", "X-Registry-Token", "acr-secret", acr, source, "custom-header", {"header": "X-Registry-Token"}),
    ]

    atlassian = by_id("atlassian-connect/jwt-qsh/valid")
    url = urllib.parse.urlsplit(atlassian.base["url"])
    claims = {"iss": "jira:15489595", "iat": UNIX, "exp": UNIX + 180, "qsh": qsh("POST", url.path, url.query)}
    header = lambda value: {**JSON, "Authorization": f"JWT {value}"}
    secret = atlassian.base["secrets"][0]
    assert atlassian.base["headers"]["Authorization"] == f"JWT {token(claims, secret)}", "atlassian-connect"
    made += [
        atlassian.wrong_secret()
        .without("Authorization", "missing-header")
        .add("changed-query", url=atlassian.base["url"].replace("5b10", "5b11"))
        .add("changed-path", url=atlassian.base["url"].replace("issue-updated", "issue-deleted"))
        .add("other-method", headers=header(token({**claims, "qsh": qsh("GET", url.path, url.query)}, secret)))
        .add("no-qsh", headers=header(token({name: value for name, value in claims.items() if name != "qsh"}, secret)))
        .add("unsigned-token", headers=header(token(claims, secret, "none")), note="alg none")
        .add("changed-body", True, "the token covers method, path and query, not the body", body=b'{"webhookEvent":"jira:issue_deleted"}')
        .later(181, "expired")
    ]

    made += [by_id("auth0/log-stream/valid").wrong_secret("Bearer another-token").without("Authorization", "missing-header")]

    iot = json.dumps({"device": "sensor-1", "temperature": 21.5})
    source = "docs.aws.amazon.com/iot/latest/developerguide/https-rule-action.html: headers of the rule; the body is the MQTT payload"
    made += [
        static_header("aws-iot", "X-Device-Secret", "aws-iot-secret", iot, source, "rule-header", {"header": "X-Device-Secret"}),
        url_secret("aws-iot", iot, source),
    ]

    grid = json.dumps([{"id": "831e1650-001e-001b-66ab-eeb76e069631", "topic": "/subscriptions/x", "subject": "/blobs/a.txt",
                        "eventType": "Microsoft.Storage.BlobCreated", "eventTime": "2026-01-15T12:00:00Z", "data": {},
                        "dataVersion": "", "metadataVersion": "1"}])
    aeg = {**JSON, "aeg-event-type": "Notification", "aeg-delivery-count": "0"}
    source = "learn.microsoft.com/azure/event-grid/security-authentication: secret in the query or in a delivery header"
    made += [
        url_secret("azure-event-grid", grid, source, aeg, "code"),
        static_header("azure-event-grid", "Authorization", "event-grid-secret", grid, source, "delivery-header", extra=aeg),
    ]

    cloudevent = json.dumps({"amount": 3})
    ce = {**JSON, "ce-specversion": "1.0", "ce-type": "com.example.order.paid", "ce-source": "/orders", "ce-id": "A234-1234-1234",
          "ce-time": "2026-01-15T12:00:00Z"}
    source = "CloudEvents HTTP 1.1 web hooks, section 3: Authorization: Bearer, or access_token in the query"
    made += [
        static_header("cloudevents-webhook", "Authorization", "ce-access-token", cloudevent, source, "bearer", None,
                      "Bearer ce-access-token", ce),
        url_secret("cloudevents-webhook", cloudevent, source, ce, "access_token"),
    ]

    made += [by_id("cloudflare-notifications/static-header/valid").wrong_secret().without("cf-webhook-auth", "missing-header")]
    body = b'{"uid":"dd5d531a12de0c724bd1275a3b2bc9c6","readyToStream":true,"status":{"state":"ready"},"meta":{"name":"Zo\xc3\xab"}}'
    sign = lambda time, key="stream-secret": f"time={time},sig1={mac(key, time, '.', body).hex()}"
    made += [
        Request("cloudflare-notifications", "stream", "Webhook-Signature: time=<unix>,sig1=hex(HMAC-SHA256(secret, time + \".\" + body))",
                "developers.cloudflare.com/stream/manage-video-library/using-webhooks: source string is time, full stop, body",
                body, {**JSON, "Webhook-Signature": sign(UNIX)}, ["stream-secret"])
        .wrong_secret()
        .changed_body()
        .without("Webhook-Signature", "missing-header")
        .add("changed-time", headers={**JSON, "Webhook-Signature": sign(UNIX).replace(str(UNIX), str(UNIX + 1))})
        .add("no-time", headers={**JSON, "Webhook-Signature": sign(UNIX).split(",")[1]})
        .later(301)
    ]

    made += [
        url_secret("docker-hub", accepted["docker-hub/push"], "docs.docker.com/docker-hub/repos/manage/webhooks: requests are not authenticated"),
    ]

    eleven = by_id("elevenlabs/post-call/valid")
    sign = lambda time: f"t={time},v0={mac(eleven.base['secrets'][0], time, '.', eleven.base['body']).hex()}"
    assert eleven.base["headers"]["ElevenLabs-Signature"] == sign(UNIX), "elevenlabs"
    made += [
        eleven.wrong_secret()
        .changed_body()
        .without("ElevenLabs-Signature", "missing-header")
        .add("changed-time", headers={**JSON, "ElevenLabs-Signature": sign(UNIX).replace(str(UNIX), str(UNIX + 1))})
        .add("no-time", headers={**JSON, "ElevenLabs-Signature": sign(UNIX).split(",")[1]})
        .later(1801)
    ]

    made += [by_id("google-calendar/push/valid").wrong_secret("target=another").without("X-Goog-Channel-Token", "missing-header")]

    build = json.dumps({"name": "asgard", "url": "job/asgard/", "build": {"number": 18, "phase": "COMPLETED", "status": "SUCCESS"}})
    source = "plugins.jenkins.io/notification: plain JSON; the author of the job adds a token to the URL or a header"
    made += [
        url_secret("jenkins", build, source, parameter="token"),
        static_header("jenkins", "Authorization", "jenkins-token", build, source, presented="Bearer jenkins-token"),
    ]

    pushed = json.dumps({"domain": "docker", "event_type": "pushed", "data": {"repo_key": "docker-local", "image_name": "ünïcode"}},
                        ensure_ascii=False).encode()
    signature = mac("jfrog-secret", pushed).hex()
    made += [
        static_header("jfrog", "X-JFrog-Event-Auth", "jfrog-secret", pushed,
                      "docs.jfrog.com/integrations/docs/predefined-webhooks: the secret token itself is sent", "secret-token"),
        Request("jfrog", "payload-signing", "X-JFrog-Event-Auth = hex(HMAC-SHA256(secret, body))",
                "docs.jfrog.com/integrations/docs/predefined-webhooks: with payload signing, the secret signs the body",
                pushed, {**JSON, "X-JFrog-Event-Auth": signature}, ["jfrog-secret"])
        .wrong_secret()
        .changed_body()
        .without("X-JFrog-Event-Auth", "missing-header"),
    ]

    line = by_id("line/webhook/valid")
    assert line.base["headers"]["x-line-signature"] == b64(mac(line.base["secrets"][0], line.base["body"])), "line"
    made += [
        line.wrong_secret()
        .changed_body()
        .without("x-line-signature", "missing-header")
        .add("empty-signature", headers={**JSON, "x-line-signature": ""})
        .add("hex-signature", headers={**JSON, "x-line-signature": mac(line.base["secrets"][0], line.base["body"]).hex()})
    ]

    subscribed = urllib.parse.urlencode({"type": "subscribe", "fired_at": "2026-01-15 12:00:00", "data[id]": "8a25ff1d98",
                                         "data[list_id]": "a6b5da1054", "data[email]": "zoë@example.com"})
    made += [url_secret("mailchimp", subscribed, "mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks: a secret in the URL", FORM)]

    column = json.dumps({"event": {"type": "update_column_value", "triggerTime": "2026-01-15T12:00:00.000Z", "boardId": 1771812698,
                                   "triggerUuid": "b5ed2e17c530f43668de130142445cba"}})
    claims = {"accountId": 1825528, "userId": 4012689, "aud": URL, "exp": UNIX + 300, "iat": UNIX}
    header = lambda value: {**JSON, "Authorization": value}
    source = "developer.monday.com/apps/docs/authorization-header: JWT, HS256, signed with the signing secret of the app"
    made += [
        Request("monday", "jwt", "Authorization: JWT (HS256, signing secret) with exp", source, column,
                header(token(claims, "monday-signing-secret")), ["monday-signing-secret"])
        .wrong_secret()
        .without("Authorization", "missing-header")
        .add("changed-claims", headers=header(".".join(
            [token(claims, "monday-signing-secret").split(".")[0], token({**claims, "accountId": 1}, "x").split(".")[1],
             token(claims, "monday-signing-secret").split(".")[2]])))
        .add("unsigned-token", headers=header(token(claims, "", "none")), note="alg none")
        .add("changed-body", True, "the token does not cover the body", body=b'{"event":{"type":"create_item"}}')
        .later(301, "expired"),
        url_secret("monday", column, "webhooks outside of apps carry no token"),
    ]

    message = '{"specversion":"1.0","type":"message.created","source":"/google/emails/realtime","id":"mock-id","time":1768478400,"data":{"n":"Zoë"}}'.encode()
    packed = gzip.compress(message, mtime=0)
    source = "developer.nylas.com/docs/v3/notifications: hex HMAC-SHA256 of the body as sent, with webhook_secret"
    for variant, bytes_, extra in (("webhook", message, JSON), ("compressed", packed, {**JSON, "Content-Encoding": "gzip"})):
        headers = {**extra, "X-Nylas-Signature": mac("nylas-webhook-secret", bytes_).hex()}
        request = Request("nylas", variant, "X-Nylas-Signature = hex(HMAC-SHA256(webhook_secret, body))", source, bytes_, headers,
                          ["nylas-webhook-secret"])
        made += [request.wrong_secret().changed_body().without("X-Nylas-Signature", "missing-header")]
    request.add("signed-uncompressed", headers={**headers, "X-Nylas-Signature": mac("nylas-webhook-secret", message).hex()},
                note="the signature covers the compressed bytes")

    made += [by_id("okta/event-hook-auth-header/valid").wrong_secret().without("Authorization", "missing-header")]

    paddle = by_id("paddle-classic/p_signature/valid")
    fields = urllib.parse.parse_qsl(paddle.base["body"].decode(), keep_blank_values=True)
    key = lambda pem: serialization.load_pem_public_key(pem.encode())
    check = lambda pem: key(pem).verify(base64.b64decode(dict(fields)["p_signature"]), php_serialize(fields).encode(),
                                        padding.PKCS1v15(), hashes.SHA1())
    check(paddle.base["publicKeys"][0])
    try:
        check(OTHER_RSA_KEY)
        raise SystemExit("paddle-classic: the other key accepts the signature")
    except InvalidSignature:
        pass
    changed = lambda change: urllib.parse.urlencode([(name, value) for name, value in map(change, fields) if value is not None])
    made += [
        paddle.add("other-key", publicKeys=[OTHER_RSA_KEY])
        .add("changed-field", body=as_bytes(changed(lambda field: (field[0], "0.01" if field[0] == "unit_price" else field[1]))))
        .add("added-field", body=paddle.base["body"] + b"&passthrough=1")
        .add("missing-signature", body=as_bytes(changed(lambda field: (field[0], None if field[0] == "p_signature" else field[1]))))
    ]

    made += [by_id("particle/static-header/valid").wrong_secret().without("X-Particle-Secret", "missing-header")]

    pipedrive = by_id("pipedrive/basic-auth/valid")
    user, password = pipedrive.base["secrets"]
    agent = {name: value for name, value in pipedrive.base["headers"].items() if name != "Authorization"}
    assert pipedrive.base["headers"]["Authorization"] == f"Basic {b64(f'{user}:{password}')}", "pipedrive"
    made += [
        pipedrive.wrong_secret(user, "another-password")
        .without("Authorization", "missing-header")
        .add("wrong-user", secrets=["another-user", password])
        .add("bearer", headers={**agent, "Authorization": f"Bearer {b64(f'{user}:{password}')}"})
    ]

    pushed = json.dumps({"name": "repository", "repository": "acme/test", "namespace": "acme", "docker_url": "quay.io/acme/test",
                         "homepage": "https://quay.io/repository/acme/repository", "updated_tags": ["latest"]})
    made += [url_secret("quay", pushed, "docs.redhat.com, Use Red Hat Quay, Repository notifications: requests are not authenticated")]

    item = json.dumps({"event_name": "new_item", "data": {"item": {"id": 272716944, "counter": 28, "title": "NameError"}}})
    source = "docs.rollbar.com/docs/webhooks: no signature; user and password, or a secret, in the URL"
    basic = {**JSON, "Authorization": f"Basic {b64('rollbar:rollbar-password')}"}
    made += [
        url_secret("rollbar", item, source),
        Request("rollbar", "basic-auth", "Authorization: Basic base64(user:password)", source, item, basic, ["rollbar:rollbar-password"])
        .wrong_secret("rollbar:another-password")
        .without("Authorization", "missing-header"),
    ]

    made += [
        url_secret("salesforce", accepted["salesforce/outbound-message-ack"],
                   "developer.salesforce.com, Outbound messaging: no signature; a secret in the URL, or mutual TLS",
                   {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}),
    ]

    made += [by_id("telegram/secret-token/valid").wrong_secret().without("X-Telegram-Bot-Api-Secret-Token", "missing-header")]

    twitch = by_id("twitch/eventsub/valid")
    given = twitch.base["headers"]
    name = "Twitch-Eventsub-Message-Signature"
    parts = (given["Twitch-Eventsub-Message-Id"], given["Twitch-Eventsub-Message-Timestamp"])
    assert given[name] == f"sha256={mac(twitch.base['secrets'][0], *parts, twitch.base['body']).hex()}", "twitch"
    made += [
        twitch.wrong_secret()
        .changed_body()
        .without(name, "missing-header")
        .without("Twitch-Eventsub-Message-Id", "missing-id")
        .without("Twitch-Eventsub-Message-Timestamp", "missing-timestamp")
        .add("changed-id", headers={**given, "Twitch-Eventsub-Message-Id": parts[0].replace("e76c", "e76d")})
        .add("truncated-timestamp", headers={**given, "Twitch-Eventsub-Message-Timestamp": "2026-01-15T12:00:00.123Z"},
             note="the timestamp is signed as it was sent, with nanoseconds")
        .add("no-prefix", headers={**given, name: given[name].removeprefix("sha256=")})
        .later(601)
    ]

    post = urllib.parse.urlencode({"hook": "publish_post", "ID": "42", "post_title": "Zoë"})
    source = "WordPress.com webhooks and plugins: no signature; a secret in the URL or a header set in the plugin"
    made += [
        url_secret("wordpress", post, source, FORM),
        static_header("wordpress", "Authorization", "wordpress-token", post, source, presented="Bearer wordpress-token", extra=FORM),
    ]

    expiring = '{"type":"connection.expiring","data":{"app":"Zoë"}}'.encode()
    key, other = b"zapier vector key, not a secret!", b"another vector key, not a secret"
    identity = "msg_zapier1"
    sign = lambda key, time=UNIX: f"v1,{b64(mac(key, identity, '.', time, '.', expiring))}"
    headers = {**JSON, "webhook-id": identity, "webhook-timestamp": str(UNIX), "webhook-signature": sign(key)}
    source = "docs.zapier.com/white-label/connection-webhooks/verify-signatures: Standard Webhooks"
    made += [
        Request("zapier", "white-label", "webhook-signature: v1,base64(HMAC-SHA256(key, id.timestamp.body)), key = base64 after whsec_",
                source, expiring, headers, [f"whsec_{b64(key)}"])
        .wrong_secret(f"whsec_{b64(other)}")
        .changed_body()
        .without("webhook-signature", "missing-header")
        .without("webhook-id", "missing-id")
        .without("webhook-timestamp", "missing-timestamp")
        .later(301),
        static_header("zapier", "Authorization", "zapier-token", expiring, "a header set in the Zap", presented="Bearer zapier-token"),
        url_secret("zapier", expiring, "a secret in the URL of the Zap's request"),
    ]
    return [vector for request in made for vector in request.vectors]


def hexed(value):
    return value.hex()


#: Requests that were recorded before this script: algorithm, encoding, and what is signed. Each signature is computed again by the
#: provider's documentation, which the `note` of the request names. `{Name}` is a header, `{Name:t}` the part `t=…` of one.
RECORDED = {
    "asana/webhook/valid": ("sha256", hexed, "{body}"),
    "buildkite/signature/valid": ("sha256", hexed, "{X-Buildkite-Signature:timestamp}.{body}"),
    "cal.com/webhook/valid": ("sha256", hexed, "{body}"),
    "calendly/v2/valid": ("sha256", hexed, "{Calendly-Webhook-Signature:t}.{body}"),
    "calendly/v2/fresh-edge": ("sha256", hexed, "{Calendly-Webhook-Signature:t}.{body}"),
    "customer.io/webhook/valid": ("sha256", hexed, "v0:{X-CIO-Timestamp}:{body}"),
    "docusign/connect-json/valid": ("sha256", b64, "{body}"),
    "dropbox/webhook/valid": ("sha256", hexed, "{body}"),
    "front/webhook/valid": ("sha256", b64, "{X-Front-Request-Timestamp}:{body}"),
    "gitea/webhook/valid": ("sha256", hexed, "{body}"),
    "grafana/hmac-body/valid": ("sha256", hexed, "{body}"),
    "helpscout/webhook/valid": ("sha1", b64, "{body}"),
    "heroku/webhook/valid": ("sha256", b64, "{body}"),
    "hookdeck/event-gateway/valid": ("sha256", b64, "{body}"),
    "intercom/webhook/valid": ("sha1", hexed, "{body}"),
    "klaviyo/system-webhook/valid": ("sha256", hexed, "{body}{Klaviyo-Timestamp}"),
    "lemonsqueezy/webhook/valid": ("sha256", hexed, "{body}"),
    "meta/webhook/valid": ("sha256", hexed, "{body}"),
    "mollie/next-gen/valid": ("sha256", hexed, "{body}"),
    "mollie/next-gen-rotation/valid": ("sha256", hexed, "{body}"),
    "pagerduty/v3/valid": ("sha256", hexed, "{body}"),
    "paystack/webhook/valid": ("sha512", hexed, "{body}"),
    "quickbooks/webhook/valid": ("sha256", b64, "{body}"),
    "sentry/integration-platform/valid": ("sha256", hexed, "{body}"),
    "trello/webhook/valid": ("sha1", b64, "{body}{url}"),
    "typeform/webhook/valid": ("sha256", b64, "{body}"),
    "vercel/webhook/valid": ("sha1", hexed, "{body}"),
    "webflow/webhook/valid": ("sha256", hexed, "{x-webflow-timestamp}:{body}"),
    "webflow/webhook/fresh-edge": ("sha256", hexed, "{x-webflow-timestamp}:{body}"),
    "websub/content-distribution-sha1/valid": ("sha1", hexed, "{body}"),
    "websub/content-distribution-sha512/valid": ("sha512", hexed, "{body}"),
    "whatsapp/webhook/valid": ("sha256", hexed, "{body}"),
    "woocommerce/webhook/valid": ("sha256", b64, "{body}"),
    "xero/webhook/valid": ("sha256", b64, "{body}"),
    "zendesk/webhook/valid": ("sha256", b64, "{X-Zendesk-Webhook-Signature-Timestamp}{body}"),
    "zendesk/static-test-secret/valid": ("sha256", b64, "{X-Zendesk-Webhook-Signature-Timestamp}{body}"),
    "zendesk/get-empty-body/valid": ("sha256", b64, "{X-Zendesk-Webhook-Signature-Timestamp}{body}"),
    "websub/content-distribution-sha384/valid": ("sha384", hexed, "{body}"),
}
#: Requests whose header contains the secret itself: `Basic` with user and password, or a token.
RECORDED_SECRETS = [
    "alertmanager/static-header/valid",
    "auth0/log-stream/valid",
    "cloudflare-notifications/static-header/valid",
    "datadog/static-header/valid",
    "figma/passcode/valid",
    "flutterwave/verif-hash-v3/valid",
    "flutterwave/verif-hash-v3/tampered-body",
    "gitlab/secret-token/valid",
    "gitlab/secret-token/tampered-body",
    "google-calendar/push/valid",
    "harbor/static-header/valid",
    "huggingface/static-header/valid",
    "ifttt-service/static-header/valid",
    "microsoft-graph/clientState/valid",
    "okta/event-hook-auth-header/valid",
    "particle/static-header/valid",
    "supabase/static-header/valid",
    "adyen-basic-auth/basic-auth/valid",
    "adyen-basic-auth/basic-auth/password-contains-colon",
    "postmark/basic-auth/valid",
    "postmark/basic-auth/password-contains-colon",
]


def check_recorded(accepted):
    """Fails if a recorded signature is not what Python computes."""
    for identity, (algorithm, encode, template) in RECORDED.items():
        request = accepted[identity]
        body = base64.b64decode(request["body"]) if request["bodyEncoding"] == "base64" else request["body"].encode()
        wanted = encode(mac(request["secrets"][0], fill(template, request, body), algorithm=algorithm))
        assert any(wanted in value for value in request["headers"].values()), identity
    for identity in RECORDED_SECRETS:
        request = accepted[identity]
        secrets = request["secrets"]
        forms = [*secrets, b64(":".join(secrets)), *map(b64, secrets)]
        presented = [*request["headers"].values(), request["url"], base64.b64decode(request["body"]).decode()]
        assert any(form in value for form in forms for value in presented), identity

    # The secret is the key in base64.
    teams = accepted["microsoft-teams/outgoing-webhook/valid"]
    proof = b64(mac(base64.b64decode(teams["secrets"][0]), base64.b64decode(teams["body"])))
    assert teams["headers"]["Authorization"] == f"HMAC {proof}", "microsoft-teams"
    # In the body of the request.
    mailgun = accepted["mailgun/json/valid"]
    signature = json.loads(base64.b64decode(mailgun["body"]))["signature"]
    assert signature["signature"] == mac(mailgun["secrets"][0], signature["timestamp"], signature["token"]).hex(), "mailgun"
    # The URL, and the fields of the form by name.
    mandrill = accepted["mandrill/events/valid"]
    fields = sorted(urllib.parse.parse_qsl(base64.b64decode(mandrill["body"]).decode(), keep_blank_values=True))
    text = mandrill["url"] + "".join(name + value for name, value in fields)
    assert b64(mac(mandrill["secrets"][0], text, algorithm="sha1")) in mandrill["headers"].values(), "mandrill"
    # JWS with HS256 (RFC 7515), whose claim is the hash of the body.
    netlify = accepted["netlify/jws/valid"]
    protected, claims, proof = netlify["headers"]["X-Webhook-Signature"].split(".")
    unpadded = lambda value: base64.urlsafe_b64encode(value).decode().rstrip("=")
    assert proof == unpadded(mac(netlify["secrets"][0], f"{protected}.{claims}")), "netlify"
    claimed = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert claimed["sha256"] == hashlib.sha256(base64.b64decode(netlify["body"])).hexdigest(), "netlify"


def fill(template, request, body):
    """The bytes that a template of RECORDED stands for."""
    values = {"body": body, "url": request["url"].encode()}
    for name, value in request["headers"].items():
        values[name] = value.encode()
        for part, content in re.findall(r"(?:^|[,;\s])(\w+)=([^,;\s]+)", value):
            values[f"{name}:{part}"] = content.encode()
    return b"".join(values[part[1:-1]] if part.startswith("{") else part.encode() for part in re.findall(r"{[^}]+}|[^{]+", template))


def main():
    # A sample from outside: the canonical request of gist.github.com/moskrc/8453971 and the hash that Jira sent for it.
    query = "lic=none&tz=Europe%2FMoscow&cp=%2Fjira&user_key=admin&loc=en-US&user_id=admin&jwt=x&xdm_e=http%3A%2F%2Flocalhost%3A2990&xdm_c=channel-servlet-click-me&xdm_p=1"
    assert qsh("GET", "/addon", query) == "3a6ff1b66f60eb275d0e4cb6be4261d5d3b0216b91c58dc6524509227ef346de"

    text = FILE.read_text()
    file = json.loads(text)
    accepted = {vector["id"]: vector for vector in file["vectors"]}
    accepted |= {one["id"]: base64.b64decode(one["body"]) for one in file["handshakes"]}
    check_recorded(accepted)
    derived = {vector["id"]: vector for vector in derive(accepted)}
    kept = [vector for vector in file["vectors"] if vector["id"] not in derived]
    # Stable sort: the requests of a provider stay together, those that a library checked first.
    file["vectors"] = sorted([*kept, *derived.values()], key=lambda vector: vector["provider"])
    wanted = json.dumps(file, indent=1, ensure_ascii=False)
    if "--check" in sys.argv:
        raise SystemExit(0 if wanted == text else "vectors/providers.json differs: run python3 vectors/derive.py")
    FILE.write_text(wanted)
    print(f"{len(derived)} derived, {len(file['vectors'])} in all, of {len({v['provider'] for v in file['vectors']})} providers")


if __name__ == "__main__":
    main()
