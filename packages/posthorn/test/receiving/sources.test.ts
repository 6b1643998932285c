import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { githubHeaders, send, TestGateway, type TestSource } from "../support/gateway.ts";
import { startNode } from "../support/posthorn.ts";
import { onPostgres, temporaryFolder } from "../support/store.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const SOURCES = "ingest/api/v1/source";
const BODY = '{"ref":"main"}';
let deliveries = 0;
const push = (source: TestSource, secret: string) =>
  send(source.url, BODY, githubHeaders(secret, BODY, `d-${deliveries++}`));

describe("a source", () => {
  it("is found by id and uid, listed in pages, replaced, and gone after it was deleted", async () => {
    const source = await gateway.source({ type: "github", uid: "main-source", config: { secret: "s" } });
    expect((await gateway.call("GET", `${SOURCES}/main-source`)).json).toMatchObject({ id: source.id, type: "github" });
    const put = await gateway.call("PUT", `${SOURCES}/main-source`, {
      name: "Renamed",
      type: "github",
      uid: "renamed",
    });
    expect(put.json).toMatchObject({ id: source.id, name: "Renamed", uid: "renamed", ingestUrl: source.url });
    expect((await push(source, "s")).status).toBe(200);
    const { json } = await gateway.call("GET", `${SOURCES}?limit=1&order=descending`);
    expect(json["data"]).toMatchObject([{ id: source.id }]);
    expect((await gateway.call("DELETE", `${SOURCES}/renamed`)).status).toBe(204);
    expect((await gateway.call("GET", `${SOURCES}/${source.id}`)).status).toBe(404);
    expect((await push(source, "s")).status).toBe(404);
    expect((await gateway.call("GET", `api/v1/app/${source.id}`)).status).toBe(404);
  });

  it("is not listed among the applications of customers, and cannot be changed as one", async () => {
    const source = await gateway.source({ type: "github", config: { secret: "s" } });
    const list = await gateway.call("GET", "api/v1/app");
    expect(list.text).not.toContain(source.id.slice(4));
    for (const id of [source.id, source.id.replace("src_", "app_")]) {
      expect((await gateway.call("DELETE", `api/v1/app/${id}`)).status).toBe(404);
      expect((await gateway.call("PATCH", `api/v1/app/${id}`, { name: "Mine" })).status).toBe(404);
    }
    const published = await gateway.call("POST", `api/v1/app/${source.id}/msg`, { eventType: "a", payload: {} });
    expect(published.status).toBe(404);
    expect((await push(source, "s")).status).toBe(200);
  });

  it("accepts both the new and the old secret until the overlap ends or the old one is deleted", async () => {
    const source = await gateway.source({ type: "github", config: { secret: "old" } });
    const added = await gateway.call("POST", `${SOURCES}/${source.id}/secret`, { secret: "new" });
    expect(added.status).toBe(201);
    expect([(await push(source, "old")).status, (await push(source, "new")).status]).toEqual([200, 200]);
    const { json } = await gateway.call("GET", `${SOURCES}/${source.id}/secret`);
    const [newest, oldest] = json["data"] as { id: string }[];
    expect(newest!.id).toBe(added.json["id"]);
    expect((await gateway.call("DELETE", `${SOURCES}/${source.id}/secret/${oldest!.id}`)).status).toBe(204);
    expect([(await push(source, "old")).status, (await push(source, "new")).status]).toEqual([401, 200]);
    await gateway.call("POST", `${SOURCES}/${source.id}/secret`, { secret: "third", overlapSeconds: 0 });
    expect([(await push(source, "new")).status, (await push(source, "third")).status]).toEqual([401, 200]);
  });

  it("has another URL after a rotation; the previous one works until the overlap ends", async () => {
    const source = await gateway.source({ type: "github", config: { secret: "s" } });
    const rotate = (body: object) => gateway.call("POST", `${SOURCES}/${source.id}/token/rotate`, body);
    const second = { ...source, url: (await rotate({})).json["ingestUrl"] as string };
    expect(second.url).not.toBe(source.url);
    expect([(await push(source, "s")).status, (await push(second, "s")).status]).toEqual([200, 200]);
    const third = { ...source, url: (await rotate({ overlapSeconds: 0 })).json["ingestUrl"] as string };
    expect([(await push(second, "s")).status, (await push(third, "s")).status]).toEqual([404, 200]);
    expect((await gateway.call("GET", `${SOURCES}/${source.id}`)).json["ingestUrl"]).toBe(third.url);
  });

  it("without the secret of its provider quarantines all requests, says so, and loses none", async () => {
    const source = await gateway.source({ type: "github" });
    expect((await push(source, "s")).status).toBe(500);
    const [kept] = await gateway.quarantine(source);
    expect(kept).toMatchObject({ reason: "secret_invalid" });
    expect(await gateway.messages(source)).toEqual([]);
  });

  it.each([
    ["a type that is not known", { type: "no-such-thing" }],
    ["a schedule of the type cron without its payload", { type: "cron", config: { schedule: "0 9 * * *" } }],
    ["an empty secret", { type: "github", config: { secret: "" } }],
    ["a setting that its provider does not have", { type: "github", config: { secret: "s", color: "red" } }],
    ["a verification in addition to a provider", { type: "github", verification: { scheme: "basic" } }],
    ["a placeholder that means nothing", { verification: { scheme: "hmac", header: "x", signed: "{time}.{body}" } }],
    ["a signed time that stands nowhere", { verification: { scheme: "hmac", header: "x", signed: "{ts}.{body}" } }],
    [
      "a secret that is not a key in its encoding",
      { secrets: ["no base64!"], verification: { scheme: "hmac", header: "x", secretEncoding: "base64" } },
    ],
    ["secrets and public keys mixed", { verification: { scheme: "jwt", algorithms: ["HS256", "RS256"] } }],
    ["a response header with a line break", { response: { headers: { "x-a": "b\r\nc: d" } } }],
    ["a response with an interim status", { response: { status: 199 } }],
    ["an end that has passed", { expiresAt: "2020-01-01T00:00:00Z" }],
    ["a response that sets a cookie", { response: { headers: { "Set-Cookie": "a=b" } } }],
    ["a uid that looks like an id", { uid: "src_0" }],
  ])("with %s is rejected", async (_, fields) => {
    const made = await gateway.call("POST", SOURCES, { name: "Wrong", type: "generic-webhook", ...fields });
    expect([made.status, made.json["detail"]]).toEqual([422, [expect.objectContaining({ msg: expect.any(String) })]]);
  });

  it("is visible to its own token, which can neither read nor change others", async () => {
    const source = await gateway.source({ type: "github", config: { secret: "s" } });
    const access = await gateway.call("POST", `${SOURCES}/${source.id}/dashboard`, {});
    const portal = (path: string) =>
      fetch(`${gateway.node.url}/${path}`, { headers: { authorization: `Bearer ${access.json["token"] as string}` } });
    const other = await gateway.source({ type: "github", config: { secret: "s" } });
    expect((await portal(`api/v1/app/${source.id}/msg`)).status).toBe(200);
    expect((await portal(`api/v1/app/${source.id.replace("src_", "app_")}`)).status).toBe(200);
    expect((await portal(`api/v1/app/${other.id}/msg`)).status).toBe(404);
    expect((await portal(`${SOURCES}/${source.id}`)).status).toBe(403);
  });
});

describe("a secret that is never shown", () => {
  it("is kept by a PUT that omits it, but not by a change of the provider", async () => {
    const meta = { name: "Meta", type: "meta", config: { secret: "app-secret", verifyToken: "verify-token" } };
    const { json } = await gateway.call("POST", SOURCES, meta);
    const path = `${SOURCES}/${String(json["id"])}`;
    const put = async (body: object) => (await gateway.call("PUT", path, body)).json["configured"];
    expect(await put({ name: "Renamed", type: "meta" })).toEqual(["verifyToken"]);
    expect(await put({ name: "Renamed", type: "meta", config: {} })).toEqual([]);
    expect(await put(meta)).toEqual(["verifyToken"]);
    expect(await put({ name: "Renamed", type: "github" })).toEqual([]);
  });
});

describe("on disk", () => {
  it.skipIf(onPostgres)("no secret, no token and no credential of a request is stored in plain text", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const call = async (path: string, body: object) => {
      const headers = { authorization: `Bearer ${node.token}`, "content-type": "application/json" };
      const response = await fetch(`${node.url}/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      return (await response.json()) as { ingestUrl: string };
    };
    const verification = { scheme: "api-key", in: "header", name: "x-key" };
    const fields = { name: "Secret", type: "generic-webhook", verification, secrets: ["the-secret-of-it"] };
    const { ingestUrl } = await call(SOURCES, fields);
    await call(SOURCES, { name: "Meta", type: "meta", config: { secret: "app-secret", verifyToken: "verify-token" } });
    const headers = { "x-key": "the-secret-of-it", cookie: "session=of-somebody", "x-plain": "can-be-found" };
    expect((await send(ingestUrl, "{}", headers)).status).toBe(200);
    const bytes = ["posthorn.db", "posthorn.db-wal", "posthorn.db.journal"]
      .map((name) => readFileSync(join(folder.path, name), "latin1"))
      .join();
    expect(bytes).toContain("can-be-found");
    for (const secret of ["the-secret-of-it", "of-somebody", "app-secret", "verify-token", ingestUrl.slice(-40)]) {
      expect(bytes).not.toContain(secret);
    }
  });

  it("a delivery that was accepted before a restart is recognised after it", async () => {
    using folder = temporaryFolder();
    const body = '{"ref":"main"}';
    let url = "";
    let id = "";
    const count = async (node: { url: string; token: string }) => {
      const headers = { authorization: `Bearer ${node.token}` };
      const response = await fetch(`${node.url}/api/v1/app/${id}/msg`, { headers });
      return ((await response.json()) as { data: unknown[] }).data.length;
    };
    for (const round of [0, 1]) {
      await using node = await startNode(folder.path);
      if (round === 0) {
        const headers = { authorization: `Bearer ${node.token}`, "content-type": "application/json" };
        const fields = { name: "Source", type: "github", config: { secret: "s" } };
        const made = await fetch(`${node.url}/${SOURCES}`, { method: "POST", headers, body: JSON.stringify(fields) });
        const source = (await made.json()) as { id: string; ingestUrl: string };
        id = source.id;
        url = new URL(source.ingestUrl).pathname;
      }
      expect((await send(`${node.url}${url}`, body, githubHeaders("s", body, "the-same"))).status).toBe(200);
      expect(await count(node)).toBe(1);
    }
  });
});
