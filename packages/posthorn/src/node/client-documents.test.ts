import type { EgressRequest, EgressResult } from "@posthorn/egress";
import { describe, expect, it } from "vitest";
import { RateLimits } from "../lib/rate-limiter.ts";
import { GuardedClientDocuments } from "./client-documents.ts";

const URL = "https://client.example/oauth.json";
const DOCUMENT = { client_id: URL, client_name: " Cli\u202Eent ", redirect_uris: ["http://127.0.0.1/cb"] };

interface Answer {
  readonly body?: unknown;
  readonly status?: number;
  readonly headers?: readonly string[];
  readonly truncated?: boolean;
}

/** Documents on a server with these responses, and the requests that it received. */
function documentsOf(answer: () => Answer) {
  const requests: EgressRequest[] = [];
  const clock = { now: 1_000_000 };
  const send = (request: EgressRequest): Promise<EgressResult> => {
    requests.push(request);
    const { body = DOCUMENT, status = 200, headers = [], truncated = false } = answer();
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return Promise.resolve({
      kind: "response",
      status,
      headers,
      body: Buffer.from(text),
      truncated,
    } as unknown as EgressResult);
  };
  const now = (): number => clock.now;
  return {
    documents: new GuardedClientDocuments({
      egress: { send },
      userAgent: "Test",
      now,
      rateLimits: new RateLimits(now),
    }),
    requests,
    clock,
  };
}

describe("metadata documents of clients", () => {
  it("are read once, and again when they are too old", async () => {
    const { documents, requests, clock } = documentsOf(() => ({ headers: ["Cache-Control", "public, max-age=3600"] }));
    const client = { name: "Client", redirectUris: ["http://127.0.0.1/cb"] };
    expect(await documents.fetch(URL, 1)).toEqual(client);
    clock.now += 3_599_000;
    expect(await documents.fetch(URL, 2)).toEqual(client);
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ method: "GET", url: URL, timeoutMs: 5000, maxResponseBytes: 16_384 });
    clock.now += 2000;
    await documents.fetch(URL, 1);
    expect(requests).toHaveLength(2);
  });

  it("are cached for the person's decision, regardless of what their server allows, and never for more than a day", async () => {
    for (const [header, untilMs] of [
      ["no-store", 300_000],
      ["max-age=999999999", 86_400_000],
    ] as const) {
      const { documents, requests, clock } = documentsOf(() => ({ headers: ["cache-control", header] }));
      for (const ms of [0, untilMs - 1, 2]) {
        clock.now += ms;
        await documents.fetch(URL, 1);
      }
      expect([header, requests.length]).toEqual([header, 2]);
    }
  });

  it("are rejected unless they describe this client completely", async () => {
    const wrong: readonly (readonly [Answer, string])[] = [
      [{ status: 404 }, "HTTP 404"],
      [{ status: 302, headers: ["location", "https://elsewhere.example/"] }, "HTTP 302"],
      [{ truncated: true }, "16384 bytes"],
      [{ body: "<html>" }, "not a JSON object"],
      [{ body: "[]" }, "not a JSON object"],
      [{ body: { ...DOCUMENT, client_id: `${URL}?` } }, "another client ID"],
      [{ body: { ...DOCUMENT, client_name: undefined } }, "no client_name"],
      [{ body: { ...DOCUMENT, redirect_uris: undefined } }, "redirect_uris is missing"],
      [{ body: { ...DOCUMENT, redirect_uris: ["javascript:alert(1)"] } }, "javascript:"],
      [{ body: { ...DOCUMENT, token_endpoint_auth_method: "private_key_jwt" } }, "client authentication"],
    ];
    for (const [answer, why] of wrong) {
      const { documents } = documentsOf(() => answer);
      await expect(documents.fetch(URL, 1)).rejects.toThrow(why);
    }
  });

  it("are read a limited number of times for each person", async () => {
    const { documents, clock } = documentsOf(() => ({ status: 500 }));
    const fetched = (person: number): Promise<string> =>
      documents.fetch(URL, person).then(
        () => "",
        (error: Error) => error.message,
      );
    const messages = [];
    for (let n = 0; n < 21; n++) messages.push(await fetched(1));
    expect(messages.filter((message) => message.includes("Too many"))).toHaveLength(1);
    expect(await fetched(2)).not.toContain("Too many");
    clock.now += 60_000;
    expect(await fetched(1)).not.toContain("Too many");
  });
});
