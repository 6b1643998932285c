import { createHmac } from "node:crypto";
import type { Received } from "@posthorn/testkit";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { beforeAll, describe, expect, it } from "vitest";
import { jsonObject, publishRequest } from "../lib/json-texts.ts";
import { testSeed } from "../lib/random.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld({ env: { POSTHORN_MAX_PAYLOAD_BYTES: "1048576" } });
const seed = testSeed();
let secret: string;

beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Payloads", uid: "payloads" });
  const endpoint = await world.api.post("/api/v1/app/payloads/endpoint", { url: `${world.receiver.url}/hook` });
  secret = (await world.api.get(`/api/v1/app/payloads/endpoint/${endpoint.json.id}/secret`)).json.key;
});

/** Publishes a body unchanged and returns the response and the received delivery. */
async function publish(request: string): Promise<{ id: string; text: string; received: Received }> {
  const headers = { "content-type": "application/json" };
  const response = await world.api.post("/api/v1/app/payloads/msg", request, { headers });
  expect(response.status).toBe(202);
  const { id } = response.json as { id: string };
  const received = await world.receiver.waitFor((candidate) => candidate.headers["webhook-id"] === id, {
    intervalMs: 2,
  });
  world.receiver.clear();
  return { id, text: response.text, received };
}

/** Verifies the bytes, as the specification says, for bodies that are not text. */
function verifyBytes({ headers, body }: Received): void {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const signed = createHmac("sha256", key)
    .update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`)
    .update(body)
    .digest("base64");
  expect(headers["webhook-signature"]).toBe(`v1,${signed}`);
}

/** The text of the payload in a response that ends with it. */
function payloadText(response: string): string {
  return response.slice(response.lastIndexOf('"payload":') + '"payload":'.length, -1);
}

function rawRequest(rawPayload: string, contentType: string, encoding?: "base64"): string {
  const more = encoding === undefined ? {} : { rawPayloadEncoding: encoding };
  const transformationsParams = { rawPayload, headers: { "content-type": contentType }, ...more };
  return JSON.stringify({ eventType: "payload.test", payload: {}, transformationsParams });
}

describe("a JSON payload", () => {
  it("is delivered, signed and shown exactly as it was published, for any content", async () => {
    await fc.assert(
      fc.asyncProperty(publishRequest(jsonObject), async ({ payload, request }) => {
        const { id, text, received } = await publish(request);
        expect(received.body.toString()).toBe(payload);
        expect(received.body).toEqual(Buffer.from(payload));
        expect(received.headers["content-type"]).toBe("application/json");
        new Webhook(secret).verify(payload, received.headers, { jsonParse: false });
        verifyBytes(received);
        expect(text.endsWith(`"payload":${payload}}`)).toBe(true);
        const shown = await world.api.get(`/api/v1/app/payloads/msg/${id}`);
        expect(shown.text.endsWith(`"payload":${payload}}`)).toBe(true);
      }),
      { numRuns: 300, seed },
    );
  });

  it("is shown in lists as it was published", async () => {
    const payload = '{ "n" : [ 1.0 , -0 , 1E400 ] , "n" : 12345678901234567890 , "s" : "\\u0041\\ud800" }';
    await publish(`{"eventType":"payload.test","payload":${payload}}`);
    const list = await world.api.get("/api/v1/app/payloads/msg?limit=1");
    expect(list.text).toContain(`"payload":${payload}}`);
    const [message] = list.json.data as { id: string }[];
    const attempts = await world.api.get(`/api/v1/app/payloads/endpoint/${await endpointId()}/msg?limit=1`);
    expect(attempts.text).toContain(message!.id);
    expect(attempts.text).toContain(`"payload":${payload}}`);
  });

  it("nested ten thousand levels deep is delivered unchanged", async () => {
    const payload = `{"deep":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
    const { received } = await publish(`{"eventType":"payload.test","payload":${payload}}`);
    expect(received.body.toString()).toBe(payload);
  });

  it("of one megabyte is delivered; one byte more is rejected with 413", async () => {
    const ofBytes = (bytes: number): string => `{"s":"${"é".repeat((bytes - 8) / 2)}"}`;
    const { received } = await publish(`{"eventType":"payload.test","payload":${ofBytes(1_048_576)}}`);
    expect(received.body.byteLength).toBe(1_048_576);
    verifyBytes(received);
    const response = await world.api.post(
      "/api/v1/app/payloads/msg",
      `{"eventType":"payload.test","payload": ${ofBytes(1_048_578)}}`,
    );
    expect([response.status, response.json.code]).toEqual([413, "payload_too_large"]);
  });

  it.each(["[]", '"text"', "1.0", "null", "true"])("that is not an object is rejected: %s", async (payload) => {
    const response = await world.api.post(
      "/api/v1/app/payloads/msg",
      `{"eventType":"payload.test","payload":${payload}}`,
    );
    expect(response.status).toBe(422);
    expect(response.json.detail[0].loc).toContain("payload");
  });
});

async function endpointId(): Promise<string> {
  return (await world.api.get("/api/v1/app/payloads/endpoint")).json.data[0].id as string;
}

describe("a raw payload", () => {
  const xml = '<?xml version="1.0"?>\n<a b="1">\r\n  &amp; é \u{1f600}\t</a>\n';

  it.each([
    ["application/xml", xml],
    ["application/x-www-form-urlencoded", "a=1&b=%20+&c=é"],
    ["text/plain; charset=utf-8", "line\r\nline\u0000 \ufeff"],
    ["application/json", "[1.0, 2 ]"],
    ["application/json", ' { "spaces" : 1.0 } '],
    ["application/vnd.example+json;v=1", '"just text"'],
    ["text/csv", ""],
  ])("of %s arrives as it was given", async (contentType, body) => {
    const { id, received } = await publish(rawRequest(body, contentType));
    expect(received.body).toEqual(Buffer.from(body));
    expect(received.headers["content-type"]).toBe(contentType);
    new Webhook(secret).verify(body, received.headers, { jsonParse: false });
    const shown = await world.api.get(`/api/v1/app/payloads/msg/${id}`);
    expect(shown.json.contentType).toBe(contentType);
    expect(shown.json.rawPayload ?? payloadText(shown.text)).toBe(body);
  });

  it("of any text is delivered unchanged", async () => {
    const text = fc.string({ unit: "binary", maxLength: 200 }).map((given) => given.toWellFormed());
    await fc.assert(
      fc.asyncProperty(text, async (body) => {
        const { received } = await publish(rawRequest(body, "text/plain"));
        expect(received.body).toEqual(Buffer.from(body));
        verifyBytes(received);
      }),
      { numRuns: 60, seed },
    );
  });

  it("of any bytes is delivered as given in base64, and shown as base64", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const body = Buffer.from(bytes);
        const { id, received } = await publish(
          rawRequest(body.toString("base64"), "application/octet-stream", "base64"),
        );
        expect(received.body).toEqual(body);
        expect(received.headers["content-type"]).toBe("application/octet-stream");
        verifyBytes(received);
        const shown = await world.api.get(`/api/v1/app/payloads/msg/${id}`);
        // Bytes that are valid text are shown as text.
        expect([body.toString("base64"), body.toString()]).toContain(shown.json.rawPayload ?? payloadText(shown.text));
      }),
      { numRuns: 60, seed },
    );
  });

  it.each([
    ["base64 with other letters", rawRequest("not base64!", "text/plain", "base64"), "rawPayload"],
    ["base64 cut short", rawRequest("AAAAA", "text/plain", "base64"), "rawPayload"],
    ["half a surrogate pair, which has no bytes", rawRequest("a\ud800b", "text/plain"), "rawPayload"],
    ["a content type with a line break", rawRequest("a", "text/plain\r\nx-evil: 1"), "content-type"],
    ["an invalid content type", rawRequest("a", "nonsense"), "content-type"],
    ["a content type that is not ASCII", rawRequest("a", "text/pläin"), "content-type"],
  ])("is rejected with its location: %s", async (_what, request, place) => {
    const response = await world.api.post("/api/v1/app/payloads/msg", request);
    expect(response.status).toBe(422);
    expect(response.json.detail[0].loc).toContain(place);
  });
});
