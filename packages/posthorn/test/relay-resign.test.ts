/** Listeners that ask for new signatures of providers. */
import { eventually } from "@posthorn/testkit";
import { verifyProvider } from "@posthorn/webhooks/provider";
import { square } from "@posthorn/webhooks/providers/square";
import { stripe } from "@posthorn/webhooks/providers/stripe";
import { svix } from "@posthorn/webhooks/providers/svix";
import { signProvider } from "@posthorn/webhooks/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RequestFrame } from "../src/relay/frames.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { invite, RelayClient } from "./support/relay-client.ts";
import { temporaryFolder } from "./support/store.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY = '{ "id":"evt_1",  "type":"invoice.paid" }';

interface Json {
  readonly id: string;
  readonly token: string;
  readonly ingestUrl: string;
  readonly data: readonly Readonly<Record<string, unknown>>[];
}

describe("a listener that asks for new signatures", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let node: TestNode;

  beforeAll(async () => {
    folder = temporaryFolder();
    node = await startNode(folder.path);
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function call(method: string, path: string, body?: object): Promise<Json> {
    const response = await fetch(`${node.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${node.token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text}`);
    return (text === "" ? {} : JSON.parse(text)) as Json;
  }

  const newSource = (type: string, more: object = { secrets: [SECRET] }): Promise<Json> =>
    call("POST", "/ingest/api/v1/source", { name: type, type, ...more });

  const listen = (source: Json, token = node.token): Promise<RelayClient> =>
    RelayClient.listen({ url: node.url, token, app: source.id, name: "anna", session: { resign: true } });

  async function post(source: Json, headers: HeadersInit): Promise<void> {
    const sent = await fetch(source.ingestUrl, { method: "POST", headers, body: BODY });
    expect(sent.status).toBeLessThan(300);
  }

  const valueOf = ({ headers }: RequestFrame, name: string): string =>
    headers.find(([one]) => one.toLowerCase() === name)![1];

  const verifyNow = ({ headers, body }: RequestFrame, provider: typeof stripe) =>
    verifyProvider(
      provider,
      {
        method: "POST",
        url: "",
        headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
        body: Buffer.from(body, "base64"),
      },
      { secrets: SECRET, toleranceSeconds: 60 },
    );

  it.each([
    ["in one header", stripe, "stripe-signature"],
    ["of Standard Webhooks", svix, "svix-signature"],
  ])("gets a new signature %s, and the unchanged bytes of the body", async (_, provider, header) => {
    const source = await newSource(provider.id);
    using client = await listen(source);
    const options = { secret: SECRET, body: BODY, headers: { "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek" } };
    const { headers } = await signProvider(provider, { ...options, now: () => Date.now() - 200_000 });
    await post(source, headers as Record<string, string>);
    const [request] = await client.received(1);
    expect(request!.message.resigned).toEqual({ isDone: true });
    expect(Buffer.from(request!.body, "base64").toString()).toBe(BODY);
    expect(valueOf(request!, header)).not.toBe((headers as Record<string, string>)[header]);
    expect(valueOf(request!, "svix-id")).toBe(options.headers["svix-id"]);
    await expect(verifyNow(request!, provider)).resolves.toMatchObject({ trust: "signed" });
  });

  it("gets requests released from quarantine unchanged, with the reason", async () => {
    const source = await newSource("stripe");
    using client = await listen(source);
    const refused = await fetch(source.ingestUrl, { method: "POST", headers: { "x-of-sender": "yes" }, body: BODY });
    expect(refused.status).toBe(401);
    const quarantine = `/ingest/api/v1/source/${source.id}/quarantine`;
    const id = await eventually(async () => {
      const { data } = await call("GET", quarantine);
      if (data[0] === undefined) throw new Error("empty");
      return String(data[0]["id"]);
    });
    await call("POST", `${quarantine}/${id}/release`);
    const [request] = await client.received(1);
    expect(request!.message.resigned).toEqual({ isDone: false, reason: "Posthorn has not verified its signature." });
    expect(request!.headers.map(([name]) => name.toLowerCase())).not.toContain("stripe-signature");
  });

  it("gets no new signature if that covers a URL that Posthorn does not know", async () => {
    const source = await newSource("square");
    using client = await listen(source);
    const options = { secret: SECRET, body: BODY, url: source.ingestUrl };
    const { headers } = await signProvider(square, options);
    await post(source, headers as Record<string, string>);
    const [request] = await client.received(1);
    expect(request!.message.resigned).toMatchObject({ isDone: false, reason: expect.stringContaining("the URL") });
    expect(valueOf(request!, "x-square-hmacsha256-signature")).toBe(
      (headers as Record<string, string>)["x-square-hmacsha256-signature"],
    );
  });

  it("is rejected without the permission to read secrets, even with the ticket of another caller", async () => {
    const source = await newSource("stripe");
    const scopes = ["read", "endpoints:write", "payloads:read", "sources:write"];
    const { token } = await call("POST", "/api/v1/auth/api-key", { name: "laptop", scopes });
    await expect(listen(source, token)).rejects.toThrow("secrets:read");
    const session = { resign: true };
    const { ticket } = await invite({ url: node.url, token: node.token, app: source.id, name: "anna", session });
    const response = await fetch(`${node.url}/api/v1/relay/stream?ticket=${ticket}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(403);
  });

  it("is rejected for a provider that signs with a private key, and for an application", async () => {
    const source = await newSource("paypal", { config: { webhookId: "8PT597110X687430LKGECATA" } });
    await expect(listen(source)).rejects.toThrow("private key that only PayPal has");
    const app = await call("POST", "/api/v1/app", { name: "acme" });
    await expect(listen(app)).rejects.toThrow("Only requests of sources");
  });

  it("is in the audit log", async () => {
    const source = await newSource("stripe");
    using client = await listen(source);
    const { data } = await call("GET", "/api/v1/audit?limit=10");
    const entry = data.find(({ action }) => action === "v1.relay.session.create");
    expect(entry).toMatchObject({ detail: { facts: { resign: true } } });
    expect(client.bye).toBeUndefined();
  });
});
