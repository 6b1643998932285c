/** Live streams: limits, end of the token, and allowed origins. */
import { makeToken, SEVERAL_ORGANISATIONS } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const JWT_SECRET = "a-secret-of-this-test-with-32-characters";
const ORIGIN = "https://dashboard.example.com";
const ENV = { POSTHORN_JWT_SECRET: JWT_SECRET, POSTHORN_CORS_ORIGINS: ORIGIN };
const ORGANISATION = "org_00000000000000000000000test";
/** A stream writes this every 15 seconds, and then checks its token. */
const HEARTBEAT = "\n:\n\n";
/** Limit that shows that the stream ended before its own next check of the token. */
const ENDED_AT_ONCE = { opened: true, heartbeats: 0 };

const folder = temporaryFolder();
let node: TestNode;
let organisation: Tenant;

beforeAll(async () => {
  node = await startNode(folder.path, { env: ENV });
  organisation = new Tenant(node);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function application(uid: string): Promise<void> {
  await organisation.call("POST", "app", { name: uid, uid });
}

async function portalToken(app: string, fields: object = {}): Promise<string> {
  const { json } = await organisation.call("POST", `auth/app-portal-access/${app}`, fields);
  return json["token"] as string;
}

/** An open live stream. */
class Stream implements AsyncDisposable {
  readonly #abort = new AbortController();
  response!: Response;

  static async open(token: string, at = node, headers: Record<string, string> = {}): Promise<Stream> {
    const stream = new Stream();
    stream.response = await fetch(`${at.url}/api/v1/live`, {
      headers: { ...headers, authorization: `Bearer ${token}` },
      signal: stream.#abort.signal,
    });
    return stream;
  }

  /** Waits for the server to end the stream. */
  async ended(): Promise<typeof ENDED_AT_ONCE> {
    const text = await this.response.text();
    return { opened: text.includes("event: open"), heartbeats: text.split(HEARTBEAT).length - 1 };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    return Promise.resolve();
  }
}

describe("a live stream", () => {
  it("ends when its token is logged out", async () => {
    await application("stream-logout");
    const [token, other] = [await portalToken("stream-logout"), await portalToken("stream-logout", { expiry: 7200 })];
    await using stream = await Stream.open(token);
    await using kept = await Stream.open(other);
    await new Tenant(node, token).call("POST", "auth/logout", {});
    expect(await stream.ended()).toEqual(ENDED_AT_ONCE);
    expect(kept.response.bodyUsed).toBe(false);
    expect((await new Tenant(node, other).call("GET", "event-type")).status).toBe(200);
  });

  it("ends when its application is deleted", async () => {
    await application("stream-deleted");
    await using stream = await Stream.open(await portalToken("stream-deleted"));
    await organisation.call("DELETE", "app/stream-deleted");
    expect(await stream.ended()).toEqual(ENDED_AT_ONCE);
  });

  it("ends when its key is revoked", async () => {
    const { json } = await organisation.call("POST", "auth/api-key", { name: "Stream" });
    await using stream = await Stream.open(json["token"] as string);
    await organisation.call("DELETE", `auth/api-key/${json["id"] as string}`);
    expect(await stream.ended()).toEqual(ENDED_AT_ONCE);
  });

  it("ends when all tokens of its application are expired", async () => {
    await application("stream-expired");
    await using stream = await Stream.open(await portalToken("stream-expired"));
    await organisation.call("POST", "auth/app/stream-expired/expire-all", { expiry: 1 });
    expect(await stream.ended()).toEqual(ENDED_AT_ONCE);
  });

  it("ends when its token expires", async () => {
    // On a busy machine, a token that is valid for 2 seconds can expire before the request arrives.
    for (let seconds = 2; ; seconds *= 2) {
      const exp = Math.floor(Date.now() / 1000) + seconds;
      await using stream = await Stream.open(makeToken({ sub: ORGANISATION, exp }, JWT_SECRET));
      if (stream.response.status === 401 && Date.now() >= exp * 1000) continue;
      expect(stream.response.status).toBe(200);
      expect(await stream.ended()).toEqual(ENDED_AT_ONCE);
      return;
    }
  });

  it.runIf(onPostgres)("ends when its token is logged out at another node", async () => {
    await application("stream-nodes");
    const token = await portalToken("stream-nodes");
    await using another = await startNode(folder.path, { env: ENV });
    await using stream = await Stream.open(token, another);
    await new Tenant(node, token).call("POST", "auth/logout", {});
    expect(await stream.ended()).toEqual(ENDED_AT_ONCE);
  });

  it("handles CORS according to POSTHORN_CORS_ORIGINS", async () => {
    await using allowed = await Stream.open(node.token, node, { origin: ORIGIN });
    expect(allowed.response.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    expect(allowed.response.headers.get("vary")).toMatch(/origin/i);
    await using other = await Stream.open(node.token, node, { origin: "https://elsewhere.example" });
    expect(other.response.headers.get("access-control-allow-origin")).not.toBe("*");
    expect(other.response.headers.get("access-control-allow-origin")).not.toBe("https://elsewhere.example");
  });
});

describe("live streams", () => {
  const codeOf = async ({ response }: Stream): Promise<unknown> => [
    response.status,
    ((await response.json()) as { code: string }).code,
  ];

  it("are limited to 10 for the tokens of one application, without affecting another", async () => {
    await using open = new AsyncDisposableStack();
    await application("many");
    await application("few");
    for (let n = 0; n < 10; n++) {
      const stream = open.use(await Stream.open(await portalToken("many", { expiry: 3600 + n })));
      expect(stream.response.status).toBe(200);
    }
    const eleventh = open.use(await Stream.open(await portalToken("many")));
    expect(await codeOf(eleventh)).toEqual([429, "too_many_application_streams"]);
    expect(open.use(await Stream.open(await portalToken("few"))).response.status).toBe(200);
    expect(open.use(await Stream.open(node.token)).response.status).toBe(200);
  });

  it("are limited to 100 for one organisation, without affecting another", async () => {
    const own = temporaryFolder();
    await using other = await startNode(own.path, { env: { ...ENV, ...SEVERAL_ORGANISATIONS } });
    await using open = new AsyncDisposableStack();
    for (let n = 0; n < 100; n++) {
      expect(open.use(await Stream.open(other.token, other)).response.status).toBe(200);
    }
    const next = open.use(await Stream.open(other.token, other));
    expect(await codeOf(next)).toEqual([429, "too_many_organisation_streams"]);
    const exp = Math.floor(Date.now() / 1000) + 60;
    const elsewhere = makeToken({ sub: "org_0000000000000000000000other", exp }, JWT_SECRET);
    expect(open.use(await Stream.open(elsewhere, other)).response.status).toBe(200);
  });

  it("are at most 80 for the applications of one organisation, which keeps 20 for its own tokens", async () => {
    const own = temporaryFolder();
    await using other = await startNode(own.path, { env: ENV });
    await using open = new AsyncDisposableStack();
    const tokens: string[] = [];
    const operator = new Tenant(other);
    for (let n = 0; n < 9; n++) {
      await operator.call("POST", "app", { name: `App ${n}`, uid: `app-${n}` });
      const { json } = await operator.call("POST", `auth/app-portal-access/app-${n}`, {});
      tokens.push(json["token"] as string);
    }
    for (const token of tokens.slice(0, 8)) {
      for (let n = 0; n < 10; n++) expect(open.use(await Stream.open(token, other)).response.status).toBe(200);
    }
    const refused = open.use(await Stream.open(tokens[8]!, other));
    expect(await codeOf(refused)).toEqual([429, "too_many_organisation_streams"]);
    for (let n = 0; n < 20; n++) {
      expect(open.use(await Stream.open(other.token, other)).response.status).toBe(200);
    }
  });

  it("release their slot when they are closed", async () => {
    await application("closing");
    const token = await portalToken("closing");
    const streams = await Promise.all(Array.from({ length: 10 }, () => Stream.open(token)));
    await Promise.all(streams.map((stream) => stream[Symbol.asyncDispose]()));
    await expect
      .poll(async () => {
        await using stream = await Stream.open(token);
        return stream.response.status;
      })
      .toBe(200);
  });
});
