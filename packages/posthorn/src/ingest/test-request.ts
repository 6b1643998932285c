/** Test request to a source, as its provider would send it, signed with the secret of the source. */
import { WebhookError, type WebhookRequest } from "@posthorn/webhooks";
import type { ProviderDefinition } from "@posthorn/webhooks/provider";
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

/** Signs with the strongest scheme of the provider that the secret is for: the first one that the source verifies. */
async function sign(source: LiveSource, unsigned: Unsigned): Promise<WebhookRequest> {
  const { definition, options } = source;
  if (definition.schemes.length === 0) return { method: "POST", ...unsigned, body: Buffer.from(unsigned.body) };
  const schemes = definition.schemes.filter(({ needs }) => needs === "secrets");
  if (schemes.length === 0) throw onlyProviderSigns(definition.name);
  const { secrets, config = {} } = options;
  const secret = (typeof secrets === "string" ? secrets : secrets?.[0]) ?? "";
  if (secret === "")
    throw new PosthornError("source_secret_invalid", "Add the secret that the provider signs with first.");
  const { signProvider } = await import("@posthorn/webhooks/testing");
  const unsignable: WebhookError[] = [];
  const refused: { readonly error: WebhookError; readonly request: WebhookRequest }[] = [];
  for (const { name } of schemes) {
    try {
      const scheme = name === undefined ? {} : { scheme: name };
      const request = await signProvider(definition, { ...unsigned, secret, config, ...scheme });
      const verdict = await source.verifier.verify(request);
      if (verdict.kind !== "refused") return request;
      refused.push({ error: verdict.error, request });
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error;
      unsignable.push(error);
    }
  }
  const missing = refused.find(({ error }) => error.code === "config_missing");
  if (missing !== undefined) throw settingMissing(definition, missing.error);
  const [problem] = unsignable;
  // A request that was signed is sent even if it will be rejected: the quarantine and the diagnosis then show why.
  if (problem === undefined) return refused[0]!.request;
  throw new PosthornError(
    "source_secret_invalid",
    `The secret of this source cannot sign a request of ${definition.name}. ${problem.message} Copy the secret from ${definition.name} again.`,
  );
}

function onlyProviderSigns(name: string): PosthornError {
  return new PosthornError(
    "signing_key_unavailable",
    `${name} signs with a private key that only ${name} has, so Posthorn cannot sign a test request. Send a test event from ${name} instead.`,
  );
}

function settingMissing({ name, config }: ProviderDefinition, { details }: WebhookError): PosthornError {
  const field = details.field ?? "";
  const what = config?.[field];
  return new PosthornError(
    "source_setting_missing",
    `${name} cannot be verified without the setting config.${field}${what === undefined ? "" : ` (${what})`}. Add it to the source, and send the test request again.`,
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
