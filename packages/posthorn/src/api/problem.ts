/** Error responses as problem details (RFC 9457), for clients that ask for them. */
import { STATUS_CODES } from "node:http";
import type { Reply } from "./reply.ts";

export const PROBLEM_TYPE = "application/problem+json";

/** An error as all other clients get it. */
interface ErrorBody {
  readonly code?: string;
  readonly detail: string | readonly { readonly msg: string }[];
}

/** Whether the client asks for problem details: the header `Accept` names their media type, without the weight 0. */
export function wantsProblem(accept: string | undefined): boolean {
  if (accept?.includes(PROBLEM_TYPE) !== true) return false;
  return accept.split(",").some((range) => {
    const [type, ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    return type === PROBLEM_TYPE && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/**
 * The error as problem details. `code` is the stable code of the error, and `errors` lists the broken rules of a 422, as `detail` does
 * otherwise. The type is `about:blank`, because the code identifies the error: RFC 9457, section 4.2.1.
 */
export function problemOf({ status, json }: { readonly status: number; readonly json: string | Buffer }): string {
  const { code, detail, ...rest } = JSON.parse(json.toString()) as ErrorBody;
  const issues = typeof detail === "string" ? null : detail;
  return JSON.stringify({
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail: issues === null ? detail : issues.map(({ msg }) => msg).join(" "),
    code: code ?? "validation",
    ...(issues === null ? {} : { errors: issues }),
    ...rest,
  });
}

/** The reply in the form that the client asks for, and its content type. */
export function inAcceptedFormat(
  { status, json }: Reply,
  accept: string | undefined,
): { readonly text: Reply["json"]; readonly type: string } {
  return json !== null && status >= 400 && wantsProblem(accept)
    ? { text: problemOf({ status, json }), type: PROBLEM_TYPE }
    : { text: json, type: "application/json" };
}
