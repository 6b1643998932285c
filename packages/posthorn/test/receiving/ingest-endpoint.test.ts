import { verify } from "@posthorn/webhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { githubHeaders, send, TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await TestGateway.start();
});
beforeEach(() => gateway.receiver.clear());
afterAll(() => gateway[Symbol.asyncDispose]());

const BODY = '{ "ref":"refs/heads/main", "n": 1.0, "big": 12345678901234567890 }';

describe("a webhook of a provider", () => {
  it("is verified, stored, and forwarded byte for byte with our signature and the provider's", async () => {
    const source = await gateway.source({ type: "github", config: { secret: "s3cret" } });
    const headers = githubHeaders("s3cret", BODY, "d-1");
    const response = await send(source.url, BODY, { ...headers, "X-Custom": "as it is" });
    expect(response.status).toBe(200);
    const [passed] = await gateway.receiver.waitForCount(1);
    expect(passed!.body.toString()).toBe(BODY);
    expect(passed!.headers).toMatchObject({ ...headers, "x-custom": "as it is", "x-posthorn-provider": "github" });
    const [endpoint] = (await gateway.call("GET", `ingest/api/v1/source/${source.id}/endpoint`)).json["data"] as {
      id: string;
    }[];
    const path = `ingest/api/v1/source/${source.id}/endpoint/${endpoint!.id}/secret`;
    await verify(passed!, (await gateway.call("GET", path)).json["key"] as string);
    expect(await gateway.messages(source)).toMatchObject([{ eventType: "push", eventId: "d-1" }]);
  });
});

describe("a request that does not verify", () => {
  it("is rejected and quarantined with the reason, never delivered, and can be released", async () => {
    const source = await gateway.source({ type: "github", config: { secret: "s3cret" } });
    const changed = BODY.replace("main", "evil");
    const response = await send(source.url, changed, githubHeaders("s3cret", BODY, "d-1"));
    expect([response.status, response.json["code"]]).toEqual([401, "not_verified"]);
    const [kept] = await gateway.quarantine(source);
    expect(kept).toMatchObject({ reason: "signature_mismatch", method: "POST", bodyBytes: changed.length });
    expect(await gateway.messages(source)).toEqual([]);
    expect(gateway.receiver.requests).toEqual([]);
    const path = `ingest/api/v1/source/${source.id}/quarantine/${kept!["id"] as string}`;
    expect((await gateway.call("GET", path)).json["body"]).toBe(changed);
    const released = await gateway.call("POST", `${path}/release`);
    expect(released.status).toBe(200);
    const [passed] = await gateway.receiver.waitForCount(1);
    expect(passed!.body.toString()).toBe(changed);
    expect(passed!.headers).toMatchObject({ "x-posthorn-trust": "released", "webhook-id": released.json["messageId"] });
    expect((await gateway.call("GET", path)).status).toBe(404);
  });

  it("is diagnosed, using the stored request", async () => {
    await gateway.source({ name: "The other", type: "github", config: { secret: "of-the-other" } }, false);
    const source = await gateway.source({ type: "github", config: { secret: "mine" } });
    await send(source.url, BODY, githubHeaders("of-the-other", BODY, "d-1"));
    const [kept] = await gateway.quarantine(source);
    const path = `ingest/api/v1/source/${source.id}/quarantine/${kept!["id"] as string}/diagnose`;
    const { json } = await gateway.call("POST", path);
    expect(json).toMatchObject({ ok: false, findings: [{ code: "secret_of_other_environment" }] });
    expect(JSON.stringify(json)).not.toContain("of-the-other");
  });

  it.each([
    ["20 KB of nested lists", `${"[".repeat(10_000)}${"]".repeat(10_000)}`],
    ["2 MB of nested lists", `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`],
    ["200 KB of flat JSON", JSON.stringify(Array.from({ length: 25_000 }, (_, n) => n))],
  ])("is diagnosed while other requests are answered, and one at a time: %s", async (_what, body) => {
    const source = await gateway.source({ type: "github", config: { secret: "mine" } });
    await send(source.url, body, githubHeaders("of-nobody", body, "d-1"));
    const [kept] = await gateway.quarantine(source);
    const path = `ingest/api/v1/source/${source.id}/quarantine/${kept!["id"] as string}/diagnose`;
    const overlapping = await atTheSameTime(path);
    expect(overlapping).toMatchObject({ diagnosed: { status: 200 }, isLive: true });
    expect(overlapping.diagnosed.json).toMatchObject({ ok: false, findings: [] });
    expect(overlapping.refused.headers.get("retry-after")).toBe("5");
    expect(await overlapping.refused.json()).toMatchObject({ code: "diagnosis_running" });
    // The next diagnosis may run.
    expect(await gateway.call("POST", path)).toMatchObject({ status: 200 });
  });

  /** Diagnoses a request twice at once, until the second call arrives while the first one is running and both overlap with another request. */
  async function atTheSameTime(path: string) {
    for (let tries = 1; tries <= 50; tries++) {
      let isRunning = true;
      const first = gateway.call("POST", path).finally(() => (isRunning = false));
      const live = fetch(`${gateway.node.url}/health/live`).then(({ ok }) => ({ ok, isRunning }));
      const second = await fetch(`${gateway.node.url}/${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${gateway.node.token}` },
      });
      const [diagnosed, during] = await Promise.all([first, live]);
      if (diagnosed.status === 200 && second.status === 429 && during.isRunning)
        return { diagnosed, refused: second, isLive: during.ok };
    }
    throw new Error("No two diagnoses overlapped.");
  }

  it("at an unknown URL gets 404", async () => {
    expect((await send(`${gateway.node.url}/in/${"0".repeat(40)}`, BODY)).status).toBe(404);
    expect((await send(`${gateway.node.url}/in/x`, BODY)).status).toBe(404);
  });
});

describe("a delivery that the provider repeats", () => {
  it("is recognised by its ID even when many arrive at the same time, and delivered once", async () => {
    const source = await gateway.source({ type: "github", config: { secret: "s3cret" } });
    const headers = githubHeaders("s3cret", BODY, "storm");
    const responses = await Promise.all(Array.from({ length: 40 }, () => send(source.url, BODY, headers)));
    expect(new Set(responses.map((response) => response.status))).toEqual(new Set([200]));
    await gateway.receiver.waitForCount(1);
    expect(await gateway.messages(source)).toHaveLength(1);
    await send(source.url, BODY, githubHeaders("s3cret", BODY, "another"));
    await gateway.receiver.waitForCount(2);
    expect(gateway.receiver.requests).toHaveLength(2);
  });
});
