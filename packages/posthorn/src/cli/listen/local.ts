/** Passes requests to the local server, or to a program, and reads the response. */
import { spawn } from "node:child_process";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { type LocalFailure, MAX_RELAY_RESPONSE_BYTES, OWN_HEADERS, type RequestFrame } from "../../relay/frames.ts";

/** Result of a request to the local server. */
export type LocalResult =
  | {
      readonly kind: "response";
      readonly status: number;
      readonly headers: readonly (readonly [string, string])[];
      readonly body: Buffer;
      readonly truncated: boolean;
      readonly durationMs: number;
    }
  | { readonly kind: "error"; readonly code: LocalFailure; readonly message: string; readonly durationMs: number };

/** Never rejects. */
export type Local = (frame: RequestFrame, signal: AbortSignal) => Promise<LocalResult>;

export interface LocalServer {
  /** URL to which the path of a request is appended. */
  readonly url: URL;
  /** Added to each request; they replace headers with the same name. */
  readonly headers: readonly (readonly [string, string])[];
  /** Accepts certificates that no known authority has signed. */
  readonly insecure: boolean;
}

export function forwardTo({ url, headers, insecure }: LocalServer): Local {
  const replaced = new Set(headers.map(([name]) => name.toLowerCase()));
  const isKept = ([name]: readonly [string, string]): boolean =>
    !OWN_HEADERS.has(name.toLowerCase()) && !replaced.has(name.toLowerCase());
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return (frame, signal) => {
    const body = Buffer.from(frame.body, "base64");
    const own = [["Host", url.host] as const, ["Content-Length", String(body.byteLength)] as const];
    const options = {
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port,
      path: pathOf(url, frame.path),
      method: frame.method,
      // As a flat list, which keeps order, case and repetitions.
      headers: [...frame.headers.filter(isKept), ...headers, ...own].flat(),
      signal,
      agent: false,
      ...(url.protocol === "https:" ? { rejectUnauthorized: !insecure } : {}),
    } as const;
    const exchange = async (): Promise<Response> => {
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const sent = send(options, resolve);
      sent.once("error", reject);
      sent.end(body);
      return read(await promise);
    };
    return measured(signal, exchange, (error) => failureOf(error, url.origin));
  };
}

/** The path of the URL with the path and query of the request. */
export function pathOf({ pathname, search }: URL, path: string): string {
  const mark = path.indexOf("?");
  const [own, query] = mark === -1 ? [path, ""] : [path.slice(0, mark), path.slice(mark + 1)];
  const joined = own === "" ? pathname : `${pathname.replace(/\/$/, "")}${own}`;
  const all = [search.slice(1), query].filter((part) => part !== "").join("&");
  return all === "" ? joined : `${joined}?${all}`;
}

type Response = Omit<Extract<LocalResult, { kind: "response" }>, "kind" | "durationMs">;

async function read(response: IncomingMessage): Promise<Response> {
  const body = new Capped(MAX_RELAY_RESPONSE_BYTES);
  // Everything is read, so that the local server can finish.
  for await (const chunk of response) body.add(chunk as Buffer);
  const headers = response.rawHeaders.flatMap((name, index): (readonly [string, string])[] =>
    index % 2 === 0 ? [[name, response.rawHeaders[index + 1]!]] : [],
  );
  return { status: response.statusCode ?? 500, headers, body: body.bytes, truncated: body.isCut };
}

/**
 * Runs a program for each request: without a shell, with the body on its standard input and the rest in variables. Its output is the body of
 * the response, with the status 200, or 500 if it fails.
 */
export function runFor(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Local {
  return (frame, signal) =>
    measured(
      signal,
      async () => {
        const child = spawn(program, [...args], {
          shell: false,
          stdio: ["pipe", "pipe", "pipe"],
          signal,
          env: { ...environment, ...variablesOf(frame) },
        });
        const output = new Capped(MAX_RELAY_RESPONSE_BYTES);
        const errors = new Capped(MAX_ERROR_BYTES);
        child.stdout.on("data", (chunk: Buffer) => output.add(chunk));
        child.stderr.on("data", (chunk: Buffer) => errors.add(chunk));
        // A program may leave its input unread.
        child.stdin.on("error", () => undefined);
        child.stdin.end(Buffer.from(frame.body, "base64"));
        const { promise, resolve, reject } = Promise.withResolvers<number | null>();
        child.once("error", reject);
        child.once("close", resolve);
        const code = await promise;
        if (code === 0) return { status: 200, headers: [], body: output.bytes, truncated: output.isCut };
        const body = errors.bytes.byteLength > 0 ? errors.bytes : Buffer.from(`The program ended with code ${code}.`);
        return { status: 500, headers: [], body, truncated: errors.isCut };
      },
      (error) => ({ code: "exec", message: `${program} cannot be run: ${error.message}` }),
    );
}

const MAX_ERROR_BYTES = 4000;

/** The first bytes of a stream. */
class Capped {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    if (this.#size < this.#limit) this.#chunks.push(chunk);
    this.#size += chunk.byteLength;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks).subarray(0, this.#limit);
  }

  get isCut(): boolean {
    return this.#size > this.#limit;
  }
}

function variablesOf({ method, path, headers, message }: RequestFrame): Record<string, string> {
  const variables = {
    POSTHORN_MESSAGE_ID: message.id,
    POSTHORN_EVENT_TYPE: message.eventType,
    POSTHORN_TIMESTAMP: message.timestamp,
    POSTHORN_PROVIDER: message.provider ?? "",
    POSTHORN_METHOD: method,
    POSTHORN_PATH: path,
    POSTHORN_HEADERS: JSON.stringify(headers),
  };
  // A variable cannot contain a NUL.
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value.replaceAll("\0", "")]));
}

type Failure = Pick<Extract<LocalResult, { kind: "error" }>, "code" | "message">;

async function measured(
  signal: AbortSignal,
  exchange: () => Promise<Response>,
  describe: (error: Error) => Failure,
): Promise<LocalResult> {
  const startedAt = performance.now();
  const durationMs = (): number => Math.round(performance.now() - startedAt);
  try {
    const response = await exchange();
    return { kind: "response", ...response, durationMs: durationMs() };
  } catch (error) {
    const failure = signal.aborted ? ABORTED : describe(error instanceof Error ? error : new Error(String(error)));
    return { kind: "error", ...failure, durationMs: durationMs() };
  }
}

const ABORTED: Failure = { code: "timeout", message: "The local server did not respond in time." };

function failureOf(error: NodeJS.ErrnoException, origin: string): Failure {
  const code = error.code ?? "";
  if (code === "ECONNREFUSED") return { code: "refused", message: `Nothing listens on ${origin}. Start your server.` };
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return { code: "dns", message: `The host of ${origin} does not exist.` };
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
    return {
      code: "tls",
      message: `The certificate of ${origin} is not accepted (${code}). Allow it with --insecure.`,
    };
  return { code: "reset", message: `${origin} broke the connection: ${error.message}` };
}
