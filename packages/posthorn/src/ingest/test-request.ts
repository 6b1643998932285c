/** Test request to a source, as its provider would send it, signed with the secret of the source. */
import { WebhookError, type WebhookRequest } from "@posthorn/webhooks";
import { PosthornError } from "../lib/errors.ts";
import type { IngestRequest } from "./gateway.ts";
import type { LiveSource } from "./live-source.ts";
import type { Fixture } from "./prepared-events/values.ts";

/** Address of requests that this server sends to itself. */
const OWN_ADDRESS = "127.0.0.1";
const NO_EVENT: Fixture = { headers: { "content-type": "application/json" }, body: { test: true } };

export interface TestRequest {
  /** Name of the prepared event; `null` if there is none of this provider, and the body is a short JSON text. */
  readonly event: string | null;
  readonly request: IngestRequest;
}

/** @param url URL of the source. Throws if only the provider can sign such requests, or the source has no secret. */
export async function buildTestRequest(source: LiveSource, url: string, now: () => number): Promise<TestRequest> {
  // Loaded on first use: servers do not imitate providers otherwise.
  const { eventsOf } = await import("./prepared-events/index.ts");
  const { textOfFixture, Values } = await import("./prepared-events/values.ts");
  const [event, make] = Object.entries((await eventsOf(source.definition.id)) ?? {})[0] ?? [null, () => NO_EVENT];
  const fixture = make(new Values(new Date(now())));
  const signed = await sign(source, { url, headers: fixture.headers, body: textOfFixture(fixture), now });
  return { event, request: requestOf(signed, url) };
}

interface Unsigned {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly now: () => number;
}

/** Signs with the strongest scheme of the provider that the secret is for. */
async function sign({ definition, options }: LiveSource, unsigned: Unsigned): Promise<WebhookRequest> {
  const { signProvider } = await import("@posthorn/webhooks/testing");
  const { secrets, config = {} } = options;
  const secret = (typeof secrets === "string" ? secrets : secrets?.[0]) ?? "";
  if (definition.schemes.length === 0) return { method: "POST", ...unsigned, body: Buffer.from(unsigned.body) };
  if (secret === "") throw new PosthornError("conflict", "Add the secret that the provider signs with first.");
  let problem = "";
  for (const { name } of definition.schemes) {
    try {
      const scheme = name === undefined ? {} : { scheme: name };
      return await signProvider(definition, { ...unsigned, secret, config, ...scheme });
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error;
      problem = error.message;
    }
  }
  throw new PosthornError(
    "conflict",
    `A request of ${definition.name} cannot be signed here. ${problem} Send a test from the settings of the provider instead.`,
  );
}

function requestOf({ method, url, headers, body }: WebhookRequest, base: string): IngestRequest {
  const { pathname, search } = new URL(url);
  const own = new URL(base);
  const named = Object.fromEntries(
    Object.entries(headers as Readonly<Record<string, string>>).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    token: own.pathname.split("/").at(-1)!,
    method,
    path: pathname.slice(own.pathname.length),
    query: search.slice(1),
    rawHeaders: Object.entries(named).flat(),
    headers: named,
    address: OWN_ADDRESS,
    body: Buffer.from(body),
  };
}
