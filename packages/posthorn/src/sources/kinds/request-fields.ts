/** Fields of kinds that read a URL. */
import { type Fields, MIN_POLL_SECONDS } from "../kind.ts";

export const URL_FIELD = {
  type: "url",
  label: "URL",
  help: "URL to read. Redirects are followed.",
  required: true,
  secret: false,
  isTarget: true,
  schemes: ["https:", "http:"],
} as const;

/** Credentials and headers of the requests. */
export const REQUEST_FIELDS = {
  auth: {
    type: "choice",
    label: "Authentication",
    help: "How requests are authenticated: not at all, with user name and password, or with a bearer token.",
    required: false,
    secret: false,
    choices: ["none", "basic", "bearer"],
    default: "none",
  },
  username: {
    type: "text",
    label: "User name",
    help: "For basic authentication.",
    required: false,
    secret: false,
    maxLength: 256,
  },
  password: {
    type: "text",
    label: "Password",
    help: "For basic authentication.",
    required: false,
    secret: true,
    maxLength: 1024,
  },
  token: {
    type: "text",
    label: "Token",
    help: "For bearer authentication.",
    required: false,
    secret: true,
    maxLength: 8192,
  },
  headers: {
    type: "text",
    label: "Headers",
    help: "Additional request headers, one per line, such as `X-Api-Key: abc`.",
    required: false,
    secret: true,
    maxLength: 8192,
    multiline: true,
  },
} as const satisfies Fields;

/** Interval between polls. */
export function everySecondsField(seconds: number) {
  return {
    type: "integer",
    label: "Interval in seconds",
    help: "Time between two polls. Up to 10 percent is added, so that sources with the same interval are not read at the same moment.",
    required: false,
    secret: false,
    minimum: MIN_POLL_SECONDS,
    maximum: 604_800,
    default: seconds,
  } as const;
}

export const START_FIELD = {
  type: "choice",
  label: "First read",
  help: "`baseline` emits no event for what exists when the source is created. `all` emits events for all of it.",
  required: false,
  secret: false,
  choices: ["baseline", "all"],
  default: "baseline",
} as const;

export function eventTypeField(preset: string) {
  return {
    type: "text",
    label: "Event type",
    help: "Type of the events.",
    required: false,
    secret: false,
    maxLength: 256,
    pattern: "[a-zA-Z0-9\\-_.]+",
    default: preset,
  } as const;
}

interface RequestConfig {
  readonly auth: "none" | "basic" | "bearer";
  readonly username: string | null;
  readonly token: string | null;
  readonly headers: string | null;
}

type RequestProblem = { readonly field: "username" | "token" | "headers"; readonly problem: string };

/** What is wrong with the fields of a request; `null`: nothing. */
export function requestProblem({ auth, username, token, headers }: RequestConfig): RequestProblem | null {
  if (auth === "basic" && username === null) return { field: "username", problem: "Basic authentication needs it." };
  if (auth === "bearer" && token === null) return { field: "token", problem: "Bearer authentication needs it." };
  for (const line of linesOf(headers)) {
    const name = line.slice(0, Math.max(0, line.indexOf(":"))).trim();
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) {
      return { field: "headers", problem: "Each line must have the form Name: value." };
    }
    if (SET_BY_CLIENT.has(name.toLowerCase())) {
      return { field: "headers", problem: `The header ${name} is set by Posthorn.` };
    }
  }
  return null;
}

const SET_BY_CLIENT: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "connection",
  "transfer-encoding",
  "accept-encoding",
  "if-none-match",
  "if-modified-since",
]);

export function linesOf(headers: string | null): readonly string[] {
  return (headers ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
