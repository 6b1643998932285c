/** HTTP client for commands that call a running server. */
import { hostname, userInfo } from "node:os";
import type { Command } from "commander";
import { readClientEnv } from "../config/env.ts";
import { PosthornError } from "../lib/errors.ts";
import { OPERATOR_HEADER } from "../lib/operator-header.ts";
import { VERSION } from "../lib/version.ts";
import { profileNamed } from "./profile/profiles.ts";

const TIMEOUT_MS = 30_000;

export function addClientFlags(command: Command): Command {
  return command
    .option("--url <url>", "server, such as http://127.0.0.1:8071 (POSTHORN_URL)")
    .option("--token <token>", "token of the organisation (POSTHORN_TOKEN)")
    .option("--profile <name>", "server that `posthorn login` stored under this name (POSTHORN_PROFILE)");
}

/** A server, and the token for it. */
export type Connection = { readonly url: string; readonly token: string };

const DEFAULT_URL = "http://127.0.0.1:8071";

const NO_ENVIRONMENT: Partial<ReturnType<typeof readClientEnv>> = {};

/** The server of a command: from its flags, which include `--profile`, the environment, or the current profile, in this order. */
export function connectionOf(options: Record<string, unknown>): Connection {
  // Its server and token must not be mixed with those of the environment, which may be for another server.
  const environment = options["profile"] === undefined ? readClientEnv() : NO_ENVIRONMENT;
  const given = {
    url: (options["url"] as string | undefined) ?? environment.url,
    token: (options["token"] as string | undefined) ?? environment.token,
  };
  if (given.url !== undefined && given.token !== undefined) return { url: given.url, token: given.token };
  const named = (options["profile"] as string | undefined) ?? environment.profile;
  // The token of a profile is sent to its own server only.
  const profile = named === undefined && given.url !== undefined ? null : profileNamed(named);
  const url = given.url ?? profile?.url ?? DEFAULT_URL;
  const token = given.token ?? (profile !== null && profile.url === url ? profile.token : undefined);
  if (token !== undefined) return { url, token };
  throw new PosthornError(
    "authentication_failed",
    "Sign in with `posthorn login`, or set a token with --token or POSTHORN_TOKEN (`posthorn token` creates one).",
  );
}

/** The server responded with an error. */
export class ApiError extends PosthornError {
  /** Status of the response. */
  readonly httpStatus: number;

  constructor(status: number, text: string) {
    super("bad_request", ApiError.messageOf(text, status));
    this.httpStatus = status;
  }

  /** The message of a response, for people. */
  static messageOf(text: string, status: number): string {
    try {
      return `${status}: ${problemsOf((text === "" ? {} : JSON.parse(text)) as Record<string, unknown>)}`;
    } catch {
      return `${status}: ${text.slice(0, 200)}`;
    }
  }
}

/** Calls the API. An error response becomes an error with the server's message. */
export async function call(
  options: Record<string, unknown>,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const response = await open(options, method, path, { body, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await response.text();
  return (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
}

/** The operating system user and the machine, such as `ada@build-1`. */
function operatorName(): string {
  return encodeURIComponent(`${userName()}@${hostname()}`);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container, the user may have no entry in the list of users.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

interface RequestParts {
  readonly body?: object | undefined;
  readonly signal?: AbortSignal;
}

/** Like `call`, but returns the response without reading its body. */
export async function open(
  options: Record<string, unknown>,
  method: string,
  path: string,
  { body, signal }: RequestParts = {},
): Promise<Response> {
  const { url, token } = connectionOf(options);
  const response = await request(url, path, {
    method,
    // The audit log names the command and who ran it.
    headers: {
      [OPERATOR_HEADER]: operatorName(),
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "user-agent": `posthorn-cli/${VERSION}`,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.ok) return response;
  throw new ApiError(response.status, await response.text());
}

/** Message of an error response: for an invalid request, each problem with its location in the body. */
function problemsOf(json: Record<string, unknown>): string {
  const { detail } = json;
  if (!Array.isArray(detail)) return JSON.stringify(detail ?? json);
  const problems = detail as readonly { readonly loc?: readonly string[]; readonly msg?: string }[];
  return problems.map(({ loc = [], msg = "" }) => `${loc.slice(1).join(".")}: ${msg}`).join("\n");
}

async function request(url: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(new URL(path, url), init);
  } catch (cause) {
    throw new PosthornError(
      "bad_request",
      `No server responds at ${url}: start it with \`posthorn start\`, or set --url.`,
      { cause },
    );
  }
}
