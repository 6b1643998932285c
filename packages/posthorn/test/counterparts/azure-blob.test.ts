import { eventually, type TestServer } from "@posthorn/testkit";
import { isSkipped, startAzurite, type TestAzurite } from "@posthorn/testkit/counterparts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharedKey } from "../../src/destinations/auth/azure.ts";
import { CloudScene, startCloudServer } from "./cloud-scene.ts";

const PAYLOAD = '{"big": 12345678901234567890, "exact": 1.0, "text": "ü\\u00fc"}';

describe.skipIf(isSkipped("azurite"))("Azure Blob Storage (Azurite)", () => {
  let azurite: TestAzurite;
  let server: TestServer;

  beforeAll(async () => {
    azurite = await startAzurite();
    server = await startCloudServer();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await azurite[Symbol.asyncDispose]();
  });

  const configOf = (container: string): Readonly<Record<string, string>> => ({
    account: azurite.account,
    accessKey: azurite.key,
    container,
    endpointUrl: azurite.url,
  });

  /** A signed request of the test itself. */
  const call = async (method: "GET" | "PUT", path: string): Promise<string> => {
    const url = `${azurite.url}/${path}`;
    const headers = ["x-ms-version", "2021-12-02", "x-ms-date", new Date().toUTCString()];
    const request = { method: method as "PUT", url, headers, body: Buffer.alloc(0) };
    const authorization = sharedKey(request, azurite.account, azurite.key);
    const response = await fetch(url, {
      method,
      headers: [
        ["authorization", authorization],
        [headers[0]!, headers[1]!],
        [headers[2]!, headers[3]!],
      ],
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} ${response.status}: ${text}`);
    return text;
  };
  const blobs = async (container: string): Promise<readonly string[]> => {
    const list = await call("GET", `${container}?restype=container&comp=list`);
    return [...list.matchAll(/<Name>(.*?)<\/Name>/g)].map(([, name]) => name!);
  };

  it("has each message as one blob, byte for byte, although it was sent again", async () => {
    await call("PUT", "archive?restype=container");
    const key = "events (all)/{eventType}/{id}.json";
    const scene = await CloudScene.open(server, "azureBlob", { ...configOf("archive"), key, format: "raw" });
    const id = await scene.publish(PAYLOAD);
    await scene.delivered(id);
    const [blob] = await blobs("archive");
    expect(blob).toBe(`events (all)/invoice.paid/${id}.json`);
    expect(await call("GET", `archive/${blob!.split("/").map(encodeURIComponent).join("/")}`)).toBe(PAYLOAD);
    await scene.resend(id);
    const attempts = await scene.delivered(id, 2);
    expect(attempts.map(({ responseStatusCode }) => responseStatusCode).toSorted((a, b) => a - b)).toEqual([201, 409]);
    expect(await blobs("archive")).toHaveLength(1);
  });

  it("has a line of JSON with the unchanged payload", async () => {
    await call("PUT", "lines?restype=container");
    const scene = await CloudScene.open(server, "azureBlob", configOf("lines"));
    const id = await scene.publish(PAYLOAD);
    await scene.delivered(id);
    const [blob] = await blobs("lines");
    expect(await call("GET", `lines/${blob!}`)).toContain(`"payload":${PAYLOAD}}\n`);
  });

  it("gets a message after it could not be reached for a while", async () => {
    await call("PUT", "restarted?restype=container");
    const scene = await CloudScene.open(server, "azureBlob", configOf("restarted"));
    await azurite.program.kill();
    const id = await scene.publish(PAYLOAD);
    await eventually(async () => expect((await scene.attempts(id)).length).toBeGreaterThan(0));
    await azurite.program.start();
    // Azurite writes its list of containers to disk some seconds later.
    await call("PUT", "restarted?restype=container").catch(() => null);
    await scene.delivered(id);
    expect(await blobs("restarted")).toHaveLength(1);
  });

  it("rejects another key and a container that does not exist, which closes the destination", async () => {
    const accessKey = Buffer.from("another key").toString("base64");
    for (const [change, advice] of [
      [{ accessKey }, "Check the key"],
      [{ container: "missing" }, "Check that the target exists"],
    ] as const) {
      const scene = await CloudScene.open(server, "azureBlob", { ...configOf("archive"), ...change });
      const id = await scene.publish(PAYLOAD);
      const attempt = await eventually(async () => {
        const [first] = await scene.attempts(id);
        expect(first).toBeDefined();
        return first!;
      });
      const detail = await scene.call("GET", `/app/${scene.app}/msg/${id}/attempt/${attempt.id}`);
      expect(JSON.stringify(detail)).toContain(advice);
    }
  });
});
