/** Commands that empty lists show: how a program creates the first row. */
import type { components, paths } from "../api/schema.ts";
import { baseUrl } from "./base.ts";

type Schemas = components["schemas"];
/** The generated type of a payload has no members. */
type Published = Omit<Schemas["MessageIn"], "payload"> & { readonly payload: object };

/** A call of the API, with the IDs in its path filled in. */
export interface ApiCall {
  readonly path: keyof paths;
  readonly params?: Readonly<Record<string, string>>;
  readonly body: object;
}

/** Placeholder for the application that the reader created. */
const APP = "acme";

export const CREATE_APPLICATION: ApiCall = {
  path: "/api/v1/app",
  body: { name: "Acme", uid: APP } satisfies Schemas["ApplicationIn"],
};

/** @param app ID or external ID of the application; absent: an example. */
export function createEndpoint(app: string = APP): ApiCall {
  return {
    path: "/api/v1/app/{app_id}/endpoint",
    params: { app_id: app },
    body: { url: "https://example.com/webhooks" } satisfies Schemas["EndpointIn"],
  };
}

/** @param app As for {@link createEndpoint}. */
export function publish(app: string = APP): ApiCall {
  return {
    path: "/api/v1/app/{app_id}/msg",
    params: { app_id: app },
    body: { eventType: "invoice.paid", payload: { invoice: "in_1" } } satisfies Published,
  };
}

export const CREATE_EVENT_TYPE: ApiCall = {
  path: "/api/v1/event-type",
  body: { name: "invoice.paid", description: "An invoice was paid." } satisfies Schemas["EventTypeIn"],
};

export const CREATE_SOURCE: ApiCall = {
  path: "/ingest/api/v1/source",
  body: { name: "GitHub", type: "github", secrets: ["SECRET"] } satisfies Schemas["IngestSourceIn"],
};

export const CREATE_WATCH: ApiCall = {
  path: "/api/v1/app/{app_id}/watch",
  params: { app_id: APP },
  body: {
    name: "Freezer too warm",
    eventTypes: ["reading"],
    rule: { read: { value: "$.temperature", key: "$.device" }, when: { above: -12 }, for: "5m" },
    emit: { type: "freezer.warm" },
  },
};

/** The URLs of operational webhooks and recipients are of the reader's own systems. */
export const CREATE_OPERATIONAL_WEBHOOK: ApiCall = {
  path: "/api/v1/operational-webhook/endpoint",
  body: {
    uid: "on-call",
    url: "https://example.com/posthorn",
    filterTypes: ["endpoint.disabled", "message.attempt.exhausted"],
  } satisfies Schemas["OperationalWebhookEndpointIn"],
};

export const CREATE_ALERT_RULE: ApiCall = {
  path: "/api/v1/alert-rule",
  body: {
    name: "Endpoint down",
    kind: "endpoint-failing",
    params: { minutes: 10 },
    targets: ["on-call"],
  } satisfies Schemas["AlertRuleIn"],
};

export const CREATE_REDACTION_RULE: ApiCall = {
  path: "/api/v1/redaction-rule",
  body: { path: "$.customer.email", action: "hash" } satisfies Partial<Schemas["RedactionRuleIn"]>,
};

export const CREATE_API_KEY: ApiCall = {
  path: "/api/v1/auth/api-key",
  body: { name: "Billing service", scopes: ["messages:publish"] } satisfies Schemas["ApiKeyIn"],
};

/** @param since ISO time. */
export function replayFailed(since: string): ApiCall {
  return { path: "/api/v1/replay", body: { since, reason: "After the outage" } };
}

/** The call with which the product's server gets a link to the portal of a customer. */
export function portalLink(app: string): ApiCall {
  return { path: "/api/v1/auth/app-portal-access/{app_id}", params: { app_id: app }, body: {} };
}

/** The call as a shell command, which reads the API key from a variable. */
export function curlOf({ path, params = {}, body }: ApiCall): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
  return [
    `curl -X POST '${baseUrl()}${filled}'`,
    `-H "authorization: Bearer $POSTHORN_TOKEN"`,
    `-H "content-type: application/json"`,
    `-d '${JSON.stringify(body)}'`,
  ].join(" \\\n  ");
}
