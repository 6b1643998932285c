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
