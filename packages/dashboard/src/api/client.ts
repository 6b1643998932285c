/** API client: typed from the server's OpenAPI document, authenticated with the token or the cookie of the session. */
import i18next from "i18next";
import createClient, { type Middleware } from "openapi-fetch";
import { baseUrl } from "../lib/base.ts";
import { notePayloadView } from "../lib/payload-view.ts";
import { endSession, readSession } from "../session/session.ts";
import type { paths } from "./schema.ts";

/** Adds the session token to a request to this server, or the headers that a request with the session cookie needs. */
export function authorized(request: Request): Request {
  const session = readSession();
  if (typeof session?.token === "string") request.headers.set("authorization", `Bearer ${session.token}`);
  // With the session cookie: other origins cannot send this header.
  else request.headers.set("x-posthorn-csrf", "1");
  return request;
}

const withToken: Middleware = {
  onRequest: ({ request }) => authorized(request),
  onResponse({ response }) {
    notePayloadView(response);
    noteRefusal(response);
  },
};

/** Ends the session after a 401: the token has expired or was revoked, so no further request can succeed. */
export function noteRefusal({ status }: Pick<Response, "status">): void {
  if (status === 401) endSession("expired");
}

export const api = createClient<paths>({ baseUrl: baseUrl() });
api.use(withToken);

/** An error in a request: its location, such as `["body", "name"]`, and a description. */
export interface RequestFault {
  readonly loc: readonly string[];
  readonly msg: string;
}

/** Error response of the API, with the server's message. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  /** Errors in the request, for forms that show each next to its field. */
  readonly faults: readonly RequestFault[];

  constructor(status: number, code: string, detail: string, faults: readonly RequestFault[] = []) {
    super(detail);
    this.faults = faults;
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

interface Result<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/** Returns the data of a response or throws an {@link ApiError}, as queries and mutations expect. */
export async function must<Data>(request: Promise<Result<Data>>): Promise<Data> {
  const { data, error, response } = await request.catch(rethrow);
  if (response.ok) return data as Data;
  throw toApiError(response.status, error);
}

/** Status codes with which a proxy reports that it cannot reach the server. */
const GATEWAY_STATUS: ReadonlySet<number> = new Set([502, 503, 504]);

/** Replaces the browser's messages for failed requests with helpful ones. */
export function rethrow(error: unknown): never {
  if (error instanceof SyntaxError) throw new ApiError(0, "unreadable", i18next.t("errors.unreadable"));
  // `fetch` rejects with a TypeError when there was no response.
  if (error instanceof TypeError) throw new ApiError(0, "unreachable", i18next.t("errors.unreachable"));
  throw error;
}

/** The error in the body of a response. */
export function toApiError(status: number, body: unknown): ApiError {
  const { code, detail } = (body ?? {}) as { code?: string; detail?: unknown };
  if (typeof detail === "string") return new ApiError(status, code ?? "error", detail);
  if (Array.isArray(detail)) {
    const faults = (detail as readonly Partial<RequestFault>[]).map(({ loc = [], msg = "" }) => ({ loc, msg }));
    return new ApiError(
      status,
      "validation",
      faults.map(({ loc, msg }) => `${loc.slice(1).join(".")}: ${msg}`).join("\n"),
      faults,
    );
  }
  const text = GATEWAY_STATUS.has(status) ? "errors.gateway" : "errors.status";
  return new ApiError(status, "error", i18next.t(text, { status }));
}
