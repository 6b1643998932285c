/** Export of an application, over HTTP and with the command. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const folder = temporaryFolder();
const BINARY = Buffer.from([0, 255, 128, 10, 13]);
const MESSAGES = 7;
let node: TestNode;
let tenant: Tenant;
let receiver: Receiver;
const published: string[] = [];

beforeAll(async () => {
  receiver = await startReceiver({ response: { status: 200, body: "thanks" } });
  node = await startNode(folder.path);
  tenant = new Tenant(node);
  await tenant.setUp(receiver.url);
  for (let index = 1; index < MESSAGES; index++) {
    const body = { eventType: `type.${index % 2}`, payload: { index, exact: 1.5 }, tags: ["t"] };
    published.push(String((await tenant.call("POST", "app/app/msg", body)).json["id"]));
  }
  const { json } = await tenant.call("POST", "app/app/msg", {
    eventType: "binary",
    payload: {},
    transformationsParams: {
      rawPayload: BINARY.toString("base64"),
      rawPayloadEncoding: "base64",
      headers: { "content-type": "application/octet-stream" },
    },
  });
  published.push(String(json["id"]));
  await eventually(async () => {
    const stats = await tenant.call("GET", "app/app/endpoint/ep/stats");
    if (stats.json["success"] !== MESSAGES) throw new Error(`not delivered yet: ${stats.text}`);
  });
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await receiver?.close();
  folder[Symbol.dispose]();
});

interface Exported {
  readonly id: string;
  readonly body: string;
  readonly bodyEncoding: "utf-8" | "base64";
  readonly deliveries: readonly object[];
  readonly attempts: readonly object[];
}

describe("an export", () => {
  it("has every message once, oldest first, with its exact body, deliveries and attempts, for any page size", async () => {
    const found: Exported[] = [];
    let iterator = "";
    for (let isDone = false; !isDone;) {
      const { json } = await tenant.call("GET", `app/app/export?limit=3${iterator}`);
      found.push(...(json["data"] as Exported[]));
      iterator = `&iterator=${String(json["iterator"])}`;
      isDone = json["done"] === true;
    }
    expect(found.map(({ id }) => id)).toEqual(published);
    expect(found[0]).toMatchObject({
      eventType: "type.1",
      tags: ["t"],
      body: '{"index":1,"exact":1.5}',
      bodyEncoding: "utf-8",
      erasedAt: null,
      deliveries: [{ status: 0, attempts: 1, nextAttempt: null }],
      attempts: [{ msgId: published[0], response: "thanks", responseStatusCode: 200 }],
    });
    const binary = found.at(-1)!;
    expect(binary.bodyEncoding).toBe("base64");
    expect(Buffer.from(binary.body, "base64")).toEqual(BINARY);
  });

  it("is rejected without the permission to read payloads, and recorded as a view of payloads with it", async () => {
    const { json } = await tenant.call("POST", "auth/api-key", { name: "Key", scopes: ["read", "payloads:masked"] });
    const masked = tenant.as(String(json["token"]));
    expect((await masked.call("GET", "app/app/export")).status).toBe(403);
    const before = await views();
    expect((await tenant.call("GET", "app/app/export")).status).toBe(200);
    expect(await views()).toBe(before + 1);
    expect((await tenant.call("GET", "app/nowhere/export")).status).toBe(404);
  });

  it("contains no secret of an endpoint when the command writes it, and continues after a message", async () => {
    const { json: secret } = await tenant.call("GET", "app/app/endpoint/ep/secret");
    const all = await run();
    expect(all.map(({ type }) => type)).toEqual(["application", "endpoint", ...published.map(() => "message"), "end"]);
    expect(JSON.stringify(all)).not.toContain(String(secret["key"]));
    expect(all.at(-1)).toEqual({ type: "end", data: { eventTypes: ["type.1", "type.0", "binary"] } });
    const rest = await run("--after", published[4]!);
    expect(rest.filter(({ type }) => type === "message").map(({ data }) => data["id"])).toEqual(published.slice(5));
  });
});

async function views(): Promise<number> {
  const { json } = await tenant.call("GET", "audit?limit=250&action=v1.message.export");
  return (json["data"] as object[]).length;
}

interface Line {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

async function run(...more: readonly string[]): Promise<readonly Line[]> {
  const main = new URL("../src/main.ts", import.meta.url).pathname;
  const args = [
    "--conditions=@posthorn/source",
    main,
    "export",
    "app",
    "app",
    "--url",
    node.url,
    "--token",
    node.token,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [...args, ...more]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}
