/** HTTP client of sources that are read: redirects, compression and errors, on the client that checks addresses. */
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import type { Egress, EgressFailure, EgressResponse } from "@posthorn/egress";
import type { AuthContext, KindAuthorizer } from "../destinations/auth/authorizer.ts";
import {
  type SignedRequest,
  SourceFailure,
  type SourceErrorCode,
  type SourceRequest,
  type SourceResponse,
} from "../sources/driver.ts";
import { sourceFailure } from "../sources/listeners/failure.ts";

const MAX_REDIRECTS = 5;
/** Maximum response of a token service. */
const MAX_TOKEN_BYTES = 65_536;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Headers that must not reach another origin. */
const CREDENTIALS: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

export interface SourceSendOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Sends requests of sources. Rejects with a {@link SourceFailure} if there is no complete response. */
export function sourceClient(egress: Pick<Egress, "send">) {
  return async (request: SourceRequest, options: SourceSendOptions): Promise<SourceResponse> => {
    let { url, headers } = request;
    for (let redirects = 0; ; redirects++) {
      const response = await send(egress, { ...request, url, headers }, options);
      const { location } = response;
      const isFollowed =
        location !== undefined && REDIRECTS.has(response.status) && /^(?:GET|HEAD)$/.test(request.method);
      if (!isFollowed) return await read(response, request, url);
      if (redirects === MAX_REDIRECTS) {
        throw new SourceFailure("protocol_error", `The server redirects more than ${MAX_REDIRECTS} times.`, {
          hint: "Enter the URL that the redirects lead to.",
        });
      }
      const next = URL.parse(location, url);
      if (next === null) throw new SourceFailure("protocol_error", "The server redirects to an invalid URL.");
      if (next.origin !== new URL(url).origin) headers = withoutCredentials(headers);
      url = next.href;
    }
  };
}

export interface SignedClientOptions {
  readonly egress: Pick<Egress, "send">;
  readonly authorizer: KindAuthorizer;
  readonly now: () => number;
}

/** Sends requests with the authentication of a cloud. Rejects with a {@link SourceFailure} if there is no complete response. */
export function signedClient({ egress, authorizer, now }: SignedClientOptions) {
  return async (request: SignedRequest, options: SourceSendOptions): Promise<SourceResponse> => {
    const { auth, maxResponseBytes, timeoutMs = options.timeoutMs, ...unsigned } = request;
    const { signal } = options;
    const bare = { ...unsigned, secretHeaders: [], auth };
    for (let attempt = 1; ; attempt++) {
      const context: AuthContext = {
        now: now(),
        send: (token) => egress.send({ ...token, timeoutMs, maxResponseBytes: MAX_TOKEN_BYTES, signal }),
        network: "sources",
        timeoutMs,
        signal,
      };
      const authorized = await authorizer.authorize(bare, auth, context);
      if (authorized.kind === "unreachable") throw failure(authorized.failure);
      if (authorized.kind !== "authorized") throw sourceFailure(authorized);
      const sent = { ...unsigned, url: authorized.url, headers: authorized.headers, maxResponseBytes };
      const response = await send(egress, sent, { signal, timeoutMs });
      const received = await read(response, sent, sent.url);
      const seen = { ...received, headers: Object.fromEntries(received.headers) };
      if (attempt > 1 || !authorizer.isOutdated(bare, auth, seen, now())) return received;
    }
  };
}

async function send(
  egress: Pick<Egress, "send">,
  { method, url, headers, body, maxResponseBytes }: SourceRequest,
  { signal, timeoutMs }: SourceSendOptions,
): Promise<EgressResponse> {
  const result = await egress.send({ method, url, headers, body, timeoutMs, maxResponseBytes, signal });
  if (result.kind === "error") throw failure(result);
  if (result.bodyError !== undefined) throw new SourceFailure("connection_failed", result.bodyError.message);
  return result;
}

async function read(
  response: EgressResponse,
  { maxResponseBytes }: SourceRequest,
  url: string,
): Promise<SourceResponse> {
  const { status } = response;
  if (response.truncated) throw tooLarge(maxResponseBytes);
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < response.headers.length; index += 2) {
    const name = response.headers[index]!.toLowerCase();
    const value = response.headers[index + 1]!;
    const first = headers.get(name);
    if (first === undefined) headers.set(name, value);
    else if (name === "link") headers.set(name, `${first}, ${value}`);
  }
  return { status, headers, body: await decompressed(response.body, headers, maxResponseBytes), url };
}

const DECOMPRESS = {
  gzip: promisify(gunzip),
  "x-gzip": promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/** Some servers compress without being asked. Bounded, because a small response could become a large one in memory. */
async function decompressed(
  body: Uint8Array,
  headers: ReadonlyMap<string, string>,
  maxOutputLength: number,
): Promise<Uint8Array> {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity" || body.byteLength === 0) return body;
  if (!Object.hasOwn(DECOMPRESS, encoding)) {
    throw new SourceFailure("protocol_error", `The response has the unknown compression "${encoding.slice(0, 40)}".`);
  }
  try {
    return await DECOMPRESS[encoding as keyof typeof DECOMPRESS](body, { maxOutputLength });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(maxOutputLength);
    throw new SourceFailure("protocol_error", "The compressed response is damaged.");
  }
}

function tooLarge(bytes: number): SourceFailure {
  return new SourceFailure("response_too_large", `The response has more than ${Math.floor(bytes / 1024)} KiB.`, {
    hint: "Read a URL with a smaller response, or pages of it.",
  });
}

function failure({ code, fault, message }: EgressFailure): SourceFailure {
  return new SourceFailure(codeOf(code, fault), message);
}

function codeOf(code: EgressFailure["code"], fault: EgressFailure["fault"]): SourceErrorCode {
  if (fault === "refused") return "address_refused";
  if (fault === "ours") return "internal";
  return code.includes("timeout") ? "timeout" : "connection_failed";
}

function withoutCredentials(headers: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index]!;
    if (!CREDENTIALS.has(name.toLowerCase())) kept.push(name, headers[index + 1]!);
  }
  return kept;
}
