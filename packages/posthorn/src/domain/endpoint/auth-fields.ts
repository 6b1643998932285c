/** Reads the credentials of an endpoint from a request: one object whose `type` determines the fields. */
import { invalid } from "../../lib/errors.ts";
import type { EndpointAuth } from "./egress.ts";
import { headerProblem } from "./header-rules.ts";

export const AUTH_TYPES = ["basic", "bearer", "header", "hmac", "oauth2"] as const;

export interface AuthFields {
  readonly type: (typeof AUTH_TYPES)[number];
  readonly [field: string]: string | undefined;
}

const FIELDS: Record<AuthFields["type"], { readonly needed: string; readonly optional: string }> = {
  basic: { needed: "user password", optional: "" },
  bearer: { needed: "token", optional: "" },
  header: { needed: "name value", optional: "" },
  hmac: { needed: "header secret", optional: "algorithm encoding template signed timestampHeader" },
  oauth2: { needed: "tokenUrl clientId clientSecret", optional: "scope audience credentials" },
};

/** Returns the credentials. Throws a 422 that names the first field that is missing or invalid in a header. */
export function readAuth(given: AuthFields): EndpointAuth {
  const { needed, optional } = FIELDS[given.type];
  const missing = words(needed).find((field) => given[field] === undefined);
  if (missing !== undefined) {
    throw invalid(
      ["body", "auth", missing],
      `Required for credentials of type ${given.type}.`,
      "value_error.jsondecode",
    );
  }
  const own = ["type", ...words(needed), ...words(optional)];
  const entries = own.map((field) => [field, given[field]]).filter(([, value]) => value !== undefined);
  const auth = Object.fromEntries(entries) as EndpointAuth;
  checkSendable(auth);
  return auth;
}

function words(text: string): readonly string[] {
  return text === "" ? [] : text.split(" ");
}

function checkSendable(auth: EndpointAuth): void {
  if (auth.type === "bearer") checkHeader("token", "authorization", auth.token);
  if (auth.type === "header") checkHeader("name", auth.name, auth.value);
  if (auth.type !== "hmac") return;
  checkHeader("header", auth.header, auth.template ?? "");
  if (auth.timestampHeader !== undefined) checkHeader("timestampHeader", auth.timestampHeader, "");
}

function checkHeader(field: string, name: string, value: string): void {
  const problem = headerProblem(name, value);
  if (problem !== null) throw invalid(["body", "auth", field], problem);
}
