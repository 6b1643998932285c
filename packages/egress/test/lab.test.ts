import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Egress, EGRESS_ERRORS, parseAllowList } from "../src/index.ts";
import type { EgressErrorCode, EgressRequest, EgressResult } from "../src/index.ts";
import { BEHAVIOURS, startLab } from "../src/lab/index.ts";
import type { Lab, LabPortName } from "../src/lab/index.ts";
import { CLIENT, HANG_MS } from "./client.ts";

/** Expected outcome of a behaviour: a status, a status with a broken body, or an error. */
type Outcome =
  | {
      readonly status: number;
      readonly body?: string;
      readonly truncated?: true;
      readonly bodyError?: EgressErrorCode;
      readonly location?: string;
    }
  | { readonly code: EgressErrorCode };

const OUTCOMES: Record<string, Outcome> = {
  "/ok": { status: 200, body: "ok\n" },
  "/echo": { status: 200 },
  "/status/503": { status: 503 },
  "/delay/20": { status: 200, body: "late\n" },
  "/delay/60000": { code: "timeout" },
  "/hang/head": { code: "timeout" },
  "/hang/half-head": { code: "timeout" },
  "/hang/body": { status: 200, body: "hello", bodyError: "timeout" },
  "/hang/request": { code: "timeout" },
  "/drip/head": { code: "timeout" },
  "/drip/body": { status: 200, bodyError: "timeout" },
  "/endless/headers": { code: "headers_too_large" },
  "/endless/header": { code: "headers_too_large" },
  "/endless/body": { status: 200, truncated: true },
  "/endless/chunks": { status: 200, truncated: true },
  "/gzip-bomb": { status: 200, truncated: true },
  "/gzip-liar": { status: 200, body: "this is not gzip\n" },
  "/retry-after/seconds": { status: 429 },
  "/retry-after/date": { status: 429 },
  "/retry-after/nonsense": { status: 503 },
  "/flap": { status: 503 },
  "/flaky?percent=0": { status: 200 },
  "/redirect/loop": { status: 302, location: "/redirect/loop" },
  "/redirect/metadata": { status: 307, location: "http://169.254.169.254/latest/meta-data/" },
  "/redirect/private": { status: 308, location: "http://10.0.0.1:8080/admin" },
  "/redirect/file": { status: 301, location: "file:///etc/passwd" },
  "/200-error": { status: 200 },
  "/200-html": { status: 200 },
  "/close": { code: "reset" },
  "/reset/head": { code: "reset" },
  "/reset/body": { status: 200, body: "hello", bodyError: "reset" },
  "/length/short": { status: 200, body: "hello", bodyError: "reset" },
  "/length/long": { status: 200, body: "hello" },
  "/length/both": { code: "protocol" },
  "/length/nonsense": { code: "protocol" },
  "/chunked/bad": { status: 200, bodyError: "protocol" },
  "/chunked/cut": { status: 200, body: "hello", bodyError: "reset" },
  "/not-http": { code: "protocol" },
  "/http/1.0": { status: 200, body: "old but good" },
  "/http/2": { code: "protocol" },
  "/header-injection": { code: "protocol" },
  "/204-with-body": { status: 204, body: "" },
  "/1xx/hints": { status: 200, body: "ok" },
  "/1xx/storm": { code: "protocol" },
  "/101": { code: "protocol" },
  "/early": { status: 413 },
  "/keep-alive/close": { status: 200, body: "ok" },
  "/keep-alive/random": { status: 200, body: "ok" },
  "/keep-alive/second": { status: 200 },
  "/cloudevents": { status: 200 },
  "/cloudevents/deny": { status: 200 },
  "/challenge": { status: 200 },
  "/oauth/token": { status: 401 },
  "/oauth/hook": { status: 401 },
};

const PORTS: Record<LabPortName, Outcome> = {
  "tls-good": { status: 200 },
  "tls-expired": { code: "tls_expired" },
  "tls-not-yet-valid": { code: "tls_not_yet_valid" },
  "tls-wrong-name": { code: "tls_name" },
  "tls-self-signed": { code: "tls_self_signed" },
  "tls-client-certificate": { code: "tls_client_certificate" },
  "tls-old": { code: "tls_version" },
  "tls-plain": { code: "tls_failed" },
  "tls-hang": { code: "timeout" },
  "tls-reset": { code: "tls_failed" },
};

/** Timeout for behaviours that end with it. */
const TIMEOUT_MS = 400;
const CAP = 16_384;

let lab: Lab;
let egress: Egress;
let resourcesBefore: number;

const liveResources = () =>
  process.getActiveResourcesInfo().filter((kind) => /TCP|TLS|Timeout|Immediate|UDP/.test(kind)).length;

function send(url: string, more: Partial<EgressRequest> = {}): Promise<EgressResult> {
  return egress.send({
    method: "POST",
    url,
    headers: ["content-type", "application/json"],
    body: Buffer.from("{}"),
    timeoutMs: HANG_MS,
    maxResponseBytes: CAP,
    ...more,
  });
}

/**
 * Sends with a short timeout where it decides the outcome. On a busy machine it may expire before the behaviour begins; then a longer one
 * is tried.
 */
async function sendUntilOutcome(
  url: string,
  outcome: Outcome,
  more: Partial<EgressRequest> = {},
): Promise<EgressResult> {
  const isPartial = "status" in outcome && outcome.bodyError === "timeout";
  if (!isPartial && !("code" in outcome && outcome.code === "timeout")) return send(url, more);
  for (let timeoutMs = TIMEOUT_MS; ; timeoutMs *= 4) {
    const result = await send(url, { ...more, timeoutMs });
    const tooEarly = result.kind === "error" && (result.code === "stalled" || (isPartial && result.code === "timeout"));
    if (!tooEarly || timeoutMs > HANG_MS) return result;
  }
}

function seen(result: EgressResult): Outcome {
  if (result.kind === "error") return { code: result.code };
  return {
    status: result.status,
    body: Buffer.from(result.body).toString(),
    ...(result.truncated ? { truncated: true } : {}),
    ...(result.bodyError === undefined ? {} : { bodyError: result.bodyError.code }),
    ...(result.location === undefined ? {} : { location: result.location }),
  };
}

beforeAll(async () => {
  resourcesBefore = liveResources();
  lab = await startLab({ random: () => 0.9 });
});

beforeEach(() => {
  egress = new Egress({ client: CLIENT, allow: parseAllowList("loopback"), tls: { ca: lab.certificates.ca.cert } });
});

afterEach(async () => {
  await egress.close();
  const { sockets, idle, origins, requests } = egress.stats;
  if (sockets + idle + origins + requests > 0) throw new Error(`left behind: ${JSON.stringify(egress.stats)}`);
});

describe("each behaviour of the lab", () => {
  test("has an expected outcome in this test, and every expected outcome has a path", () => {
    const stem = (path: string) => path.replace(/\?.*/, "");
    const covered = new Set(
      BEHAVIOURS.filter(({ path }) =>
        Object.keys(OUTCOMES).some((key) =>
          path.endsWith("*") ? key.startsWith(path.slice(0, -1)) : stem(key) === path,
        ),
      ),
    );
    expect(BEHAVIOURS.filter((behaviour) => !covered.has(behaviour)).map(({ path }) => path)).toEqual([]);
    const known = Object.keys(OUTCOMES).filter((key) =>
      BEHAVIOURS.some(({ path }) => (path.endsWith("*") ? key.startsWith(path.slice(0, -1)) : stem(key) === path)),
    );
    expect(known).toHaveLength(Object.keys(OUTCOMES).length);
  });

  test.each(Object.entries(OUTCOMES))("%s has the outcome %j within the deadline", async (path, outcome) => {
    const body = path === "/hang/request" ? Buffer.alloc(16 * 1024 * 1024) : Buffer.from("{}");
    const result = await sendUntilOutcome(lab.url + path, outcome, { body });
    expect(seen(result)).toMatchObject(outcome);
    expect(result.peer).toBe(lab.url.slice("http://".length));
  });

  test.each(Object.entries(PORTS))("the port %s has the outcome %j within the deadline", async (name, outcome) => {
    const result = await sendUntilOutcome(`${lab.ports[name as LabPortName]}/ok`, outcome);
    expect(seen(result)).toMatchObject(outcome);
  });

  test("a failure has the message of its code, which does not reveal the address to a tenant", async () => {
    const result = await send(`${lab.url}/hang/head`, { timeoutMs: TIMEOUT_MS });
    expect(result).toMatchObject({ kind: "error", fault: "target", message: EGRESS_ERRORS.timeout.message });
    expect(JSON.stringify(EGRESS_ERRORS)).not.toMatch(/\d+\.\d+\.\d+\.\d+/);
  });
});

describe("bounded memory", () => {
  test.each(["/endless/body", "/endless/headers", "/endless/chunks", "/1xx/storm", "/gzip-bomb"])(
    "%s forty times does not increase the memory of the process",
    async (path) => {
      await send(lab.url + path);
      const before = process.memoryUsage();
      await Promise.all(Array.from({ length: 40 }, () => send(lab.url + path)));
      const after = process.memoryUsage();
      // Forty bodies capped at 16 KiB are 0.6 MiB; forty inflated bombs would be 2 GB. The figure includes the lab's own buffers,
      // which grow on a busy machine: 116 MiB were measured.
      expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(256 * 1024 * 1024);
    },
  );
});

describe("keep-alive", () => {
  test("a peer that closes after each response fails only requests written into the closing socket, which are reported as reset", async () => {
    const outcomes: EgressResult[] = [];
    for (let index = 0; index < 30; index++) {
      outcomes.push(await send(`${lab.url}/keep-alive/close`));
      await new Promise((resolve) => setTimeout(resolve, index % 10));
    }
    const lost = outcomes.filter((result) => result.kind === "error");
    // A caller may retry these immediately, because a reused socket broke while the request was in transit.
    expect(lost.filter(({ code, timings }) => code !== "reset" || !timings.reused)).toEqual([]);
  });

  test("a peer that closes after each response fails no request once the close has arrived", async () => {
    for (let index = 0; index < 10; index++) {
      expect(seen(await send(`${lab.url}/keep-alive/close`))).toMatchObject({ status: 200 });
      await vi.waitFor(() => expect(egress.stats.sockets).toBe(0), HANG_MS);
    }
  });

  test("the rest of a body longer than declared is never parsed as another response", async () => {
    const statuses = new Set<unknown>();
    for (let index = 0; index < 10; index++) {
      const result = await send(`${lab.url}/length/long`);
      statuses.add(result.kind === "response" ? result.status : result.code);
      const next = await send(`${lab.url}/ok`);
      statuses.add(next.kind === "response" ? next.status : next.code);
    }
    expect([...statuses]).toEqual([200]);
  });

  test("a reused socket is reported in the result", async () => {
    await send(`${lab.url}/ok`);
    const second = await send(`${lab.url}/ok`);
    expect(second.timings).toMatchObject({ reused: true, dnsMs: null, connectMs: null });
  });
});

test("no socket or timer remains afterwards", async () => {
  await lab.close();
  await vi.waitFor(() => expect(lab.connections).toBe(0), HANG_MS);
  await vi.waitFor(() => expect(liveResources()).toBeLessThanOrEqual(resourcesBefore), HANG_MS);
});
