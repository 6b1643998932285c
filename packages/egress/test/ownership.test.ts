import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Egress, parseAllowList, verifyChallenge, verifyCloudEvents, webhookSources } from "../src/index.ts";
import { startLab } from "../src/lab/index.ts";
import type { Lab } from "../src/lab/index.ts";
import { CLIENT, HANG_MS } from "./client.ts";

let lab: Lab;
let egress: Egress;

beforeAll(async () => {
  lab = await startLab();
  egress = new Egress({ client: CLIENT, allow: parseAllowList("loopback") });
});

afterAll(async () => {
  await egress.close();
  await lab.close();
});

/** The path that never responds is the only one to reach its timeout. */
const timeoutOf = (path: string): number => (path === "/hang/head" ? 100 : HANG_MS);

describe("the CloudEvents handshake", () => {
  const ask = (path: string) =>
    verifyCloudEvents(egress, {
      url: lab.url + path,
      origin: "hooks.sender.example",
      ratePerMinute: 600,
      timeoutMs: timeoutOf(path),
    });

  test("a grant for our origin verifies, at the rate that was granted", async () => {
    expect(await ask("/cloudevents?rate=90")).toMatchObject({ verified: true, ratePerMinute: 90 });
    expect(await ask("/cloudevents?rate=*")).toMatchObject({ verified: true, ratePerMinute: null });
    expect(await ask("/cloudevents?rate=-5")).toMatchObject({ verified: true, ratePerMinute: null });
  });

  test.each([
    ["/cloudevents/deny", "origin_not_allowed"],
    ["/ok", "origin_not_allowed"],
    ["/status/405", "refused"],
    ["/redirect/loop", "refused"],
    ["/hang/head", "unreachable"],
    ["/close", "unreachable"],
  ])("%s does not verify: %s", async (path, code) => {
    expect(await ask(path)).toMatchObject({ verified: false, code });
  });

  test("sends the three headers of the specification with OPTIONS", async () => {
    const { result } = await verifyCloudEvents(egress, {
      url: `${lab.url}/echo`,
      origin: "hooks.sender.example",
      ratePerMinute: 0.4,
      callback: "https://hooks.sender.example/grant?id=1",
      timeoutMs: HANG_MS,
    });
    const seen = JSON.parse(result.kind === "response" ? Buffer.from(result.body).toString() : "{}") as {
      method: string;
      headers: string[];
    };
    expect(seen.method).toBe("OPTIONS");
    expect(seen.headers.join("|")).toContain(
      "WebHook-Request-Origin|hooks.sender.example|WebHook-Request-Rate|1|WebHook-Request-Callback|https://hooks.sender.example/grant?id=1",
    );
  });

  test("a blocked target receives no request", async () => {
    const result = await verifyCloudEvents(egress, {
      url: "http://10.0.0.1/",
      origin: "a.example",
      timeoutMs: HANG_MS,
    });
    expect(result).toMatchObject({ verified: false, code: "unreachable", result: { code: "blocked_address" } });
  });
});

describe("the challenge", () => {
  const ask = (path: string, challenge?: string) =>
    verifyChallenge(egress, {
      url: lab.url + path,
      timeoutMs: timeoutOf(path),
      ...(challenge === undefined ? {} : { challenge }),
    });

  test("that is sent back verifies", async () => {
    expect(await ask("/challenge")).toMatchObject({ verified: true });
  });

  test.each([
    ["/ok", "challenge_mismatch"],
    ["/200-html", "challenge_mismatch"],
    ["/status/404", "refused"],
    ["/hang/head", "unreachable"],
  ])("%s does not verify: %s", async (path, code) => {
    expect(await ask(path)).toMatchObject({ verified: false, code });
  });

  test("an echo of the whole request does not prove that the endpoint read it", async () => {
    expect(await ask("/echo", "abc")).toMatchObject({ verified: false, code: "challenge_mismatch" });
  });
});

describe("webhookSources", () => {
  const updated = new Date("2026-11-25T00:00:00Z");

  test("lists addresses and networks by family, each once, in order", () => {
    expect(webhookSources(["203.0.113.9", " 198.51.100.0/28 ", "203.0.113.9/32", "2001:DB8:0::1"], updated)).toEqual({
      version: 1,
      updated: "2026-11-25T00:00:00.000Z",
      ipv4: ["198.51.100.0/28", "203.0.113.9/32"],
      ipv6: ["2001:db8::1/128"],
    });
  });

  test("refuses an entry that is not an address", () => {
    expect(() => webhookSources(["proxy.example.com"], updated)).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
  });
});
