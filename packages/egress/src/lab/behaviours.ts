import { constants, gzipSync } from "node:zlib";
import { respond, flood, hang, raw, repeat } from "./behaviour.ts";
import type { Behaviour, LabRequest } from "./behaviour.ts";

const HEAD = "HTTP/1.1 200 OK\r\n";

/**
 * 50 MB of zeros in about 50 kB, small enough to pass a limit on compressed bytes. Fifty concatenated gzip members are a
 * valid gzip file (RFC 1952 section 2.2) and take a fiftieth of the time to create.
 */
function gzipBomb(): Buffer {
  const member = gzipSync(Buffer.alloc(1_000_000), { level: constants.Z_BEST_COMPRESSION });
  return Buffer.concat(Array.from({ length: 50 }, () => member));
}

const WELL: readonly Behaviour[] = [
  {
    path: "/ok",
    group: "well",
    does: "Responds with 200 immediately.",
    expect: "Success.",
    run: (call) => respond(call, 200, "ok\n"),
  },
  {
    path: "/echo",
    group: "well",
    does: "Responds with 200 and the method, headers and body of the request as JSON.",
    expect: "Success.",
    run: (call) => {
      const { method, rawHeaders } = call.request;
      const text = JSON.stringify({ method, headers: rawHeaders, body: call.body.toString("base64") });
      respond(call, 200, text, { "content-type": "application/json" });
    },
  },
  {
    path: "/status/*",
    group: "well",
    does: "Responds with the status in the path, such as /status/503.",
    expect: "Success only for 2xx; 410 disables the endpoint.",
    run: (call) => {
      const status = Number(call.rest);
      respond(call, status >= 200 && status <= 599 ? status : 400, `${status}\n`);
    },
  },
];

const SLOW: readonly Behaviour[] = [
  {
    path: "/delay/*",
    group: "slow",
    does: "Responds with 200 after the milliseconds in the path (at most 120,000).",
    expect: "Success within the timeout, otherwise a timeout.",
    run: (call) => {
      const timer = setTimeout(() => respond(call, 200, "late\n"), Math.min(Number(call.rest) || 0, 120_000));
      call.socket.once("close", () => clearTimeout(timer));
    },
  },
  { path: "/hang/head", group: "slow", does: "Never responds.", expect: "A timeout.", run: hang },
  {
    path: "/hang/half-head",
    group: "slow",
    does: "Stops in the middle of the response head.",
    expect: "A timeout.",
    run: (call) => {
      raw(call, `${HEAD}content-type: text/pl`);
      hang(call);
    },
  },
  {
    path: "/hang/body",
    group: "slow",
    does: "Sends the head and half of the body, then nothing.",
    expect: "The status counts; the body is recorded as cut off at the timeout.",
    run: (call) => {
      raw(call, `${HEAD}content-length: 10\r\n\r\nhello`);
      hang(call);
    },
  },
  {
    path: "/hang/request",
    group: "slow",
    does: "Never reads the request body.",
    expect: "A timeout, for bodies larger than the socket buffers.",
    readBody: false,
    run: hang,
  },
  {
    path: "/drip/head",
    group: "slow",
    does: "Sends one byte of an endless header every 50 ms.",
    expect: "A timeout: the limit applies to the whole request, not to each byte.",
    run: (call) => {
      raw(call, `${HEAD}x-drip: `);
      repeat(call, 50, () => raw(call, "a"));
    },
  },
  {
    path: "/drip/body",
    group: "slow",
    does: "Sends one byte of the body every 50 ms, endlessly.",
    expect: "The status counts; the body is recorded as cut off at the timeout.",
    run: (call) => {
      raw(call, `${HEAD}transfer-encoding: chunked\r\n\r\n`);
      repeat(call, 50, () => raw(call, "1\r\na\r\n"));
    },
  },
];

const LARGE: readonly Behaviour[] = [
  {
    path: "/endless/headers",
    group: "large",
    does: "Sends headers endlessly.",
    expect: "The response is rejected once the head is too large.",
    run: (call) => {
      raw(call, HEAD);
      flood(call, (index) => `x-filler-${index}: ${"a".repeat(1000)}\r\n`);
    },
  },
  {
    path: "/endless/header",
    group: "large",
    does: "Sends one header whose value never ends.",
    expect: "The response is rejected once the head is too large.",
    run: (call) => {
      raw(call, `${HEAD}x-filler: `);
      flood(call, () => "a".repeat(16_384));
    },
  },
  {
    path: "/endless/body",
    group: "large",
    does: "Endlessly sends a body, as fast as it is read.",
    expect: "The status counts; the body is cut off at the limit and the connection closed.",
    run: (call) => {
      raw(call, `${HEAD}content-type: text/plain\r\n\r\n`);
      flood(call, () => Buffer.alloc(65_536, 0x61));
    },
  },
  {
    path: "/endless/chunks",
    group: "large",
    does: "Endlessly sends one-byte chunks with a long chunk extension each.",
    expect: "The body is cut off at the limit or at the timeout, with bounded memory.",
    run: (call) => {
      raw(call, `${HEAD}transfer-encoding: chunked\r\n\r\n`);
      flood(call, () => `1;${"x".repeat(200)}=y\r\na\r\n`.repeat(100));
    },
  },
  {
    path: "/gzip-bomb",
    group: "large",
    does: "Sends 50 MB of zeros as 50 kB of gzip, although the client asked for identity.",
    expect: "The raw bytes are kept up to the limit and never decompressed.",
    run: (call) => {
      const body = gzipBomb();
      call.response.writeHead(200, { "content-encoding": "gzip", "content-length": body.length });
      call.response.end(body);
    },
  },
  {
    path: "/gzip-liar",
    group: "large",
    does: "Declares Content-Encoding: gzip and sends plain text.",
    expect: "Success, because the body is not decompressed.",
    run: (call) => respond(call, 200, "this is not gzip\n", { "content-encoding": "gzip" }),
  },
];

const BUSY: readonly Behaviour[] = [
  {
    path: "/retry-after/seconds",
    group: "busy",
    does: "Responds with 429 and Retry-After in seconds (?after=, default 2).",
    expect: "The endpoint is paused until then.",
    run: (call) => respond(call, 429, "slow down\n", { "retry-after": call.query.get("after") ?? "2" }),
  },
  {
    path: "/retry-after/date",
    group: "busy",
    does: "Responds with 429 and Retry-After as an HTTP date (?after= seconds from now, default 2).",
    expect: "The endpoint is paused until then.",
    run: (call) => {
      const when = new Date(Date.now() + Number(call.query.get("after") ?? "2") * 1000);
      respond(call, 429, "slow down\n", { "retry-after": when.toUTCString() });
    },
  },
  {
    path: "/retry-after/nonsense",
    group: "busy",
    does: "Responds with 503 and an invalid Retry-After.",
    expect: "The normal retry schedule applies.",
    run: (call) => respond(call, 503, "", { "retry-after": "soon, I hope" }),
  },
  {
    path: "/flap",
    group: "busy",
    does: "Responds alternately with 503 and 200, ?n= times each (default 1).",
    expect: "The circuit breaker does not open and close with every request.",
    run: (call) => {
      const n = Math.max(1, Number(call.query.get("n") ?? "1"));
      respond(call, Math.floor(call.count / n) % 2 === 0 ? 503 : 200);
    },
  },
  {
    path: "/flaky",
    group: "busy",
    does: "Fails at random: a 500, a reset or a hang in ?percent= of all calls (default 30).",
    expect: "Every message is eventually delivered.",
    run: (call) => {
      if (call.random() * 100 >= Number(call.query.get("percent") ?? "30")) return respond(call, 200);
      const kind = Math.floor(call.random() * 3);
      if (kind === 0) respond(call, 500);
      else if (kind === 1) call.socket.resetAndDestroy();
      else hang(call);
    },
  },
];

/** Redirects the client to a place that it must not call. */
function redirect(call: LabRequest, location: string, status = 302): void {
  respond(call, status, "", { location });
}

const ELSEWHERE: readonly Behaviour[] = [
  {
    path: "/redirect/loop",
    group: "redirect",
    does: "Redirects to itself with 302.",
    expect: "The redirect is not followed: a failure with the Location recorded.",
    run: (call) => redirect(call, "/redirect/loop"),
  },
  {
    path: "/redirect/metadata",
    group: "redirect",
    does: "Redirects to a cloud metadata service with 307.",
    expect: "The redirect is not followed.",
    run: (call) => redirect(call, "http://169.254.169.254/latest/meta-data/", 307),
  },
  {
    path: "/redirect/private",
    group: "redirect",
    does: "Redirects to a private address with 308.",
    expect: "The redirect is not followed.",
    run: (call) => redirect(call, "http://10.0.0.1:8080/admin", 308),
  },
  {
    path: "/redirect/file",
    group: "redirect",
    does: "Redirects to a file: URL with 301.",
    expect: "The redirect is not followed.",
    run: (call) => redirect(call, "file:///etc/passwd", 301),
  },
  {
    path: "/200-error",
    group: "lying",
    does: `Responds with 200 and {"ok":false} in the body.`,
    expect: "Success by status; a failure if the endpoint has a success rule.",
    run: (call) => respond(call, 200, `{"ok":false,"error":"invalid_token"}`, { "content-type": "application/json" }),
  },
  {
    path: "/200-html",
    group: "lying",
    does: "Responds with 200 and the HTML page of a hosting provider.",
    expect: "Success by status; a warning that this looks like an error page.",
    run: (call) => respond(call, 200, "<!doctype html><title>Site not found</title>", { "content-type": "text/html" }),
  },
];

export { BUSY, ELSEWHERE, HEAD, LARGE, SLOW, WELL };
