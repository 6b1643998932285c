import type { MessageParts } from "../../crypto/hmac.ts";
import { WebhookError, type WebhookErrorCode } from "../../errors.ts";
import type { Inbound } from "../inbound.ts";
import { select, type Selector } from "../select.ts";
import type { Coverage, ProviderConfig, SchemeContext } from "../types.ts";

/** Where the signatures are, and what they are made over: the part that HMAC and public-key schemes share. */
export interface SignedOptions {
  readonly name?: string;
  /** Header with the signature. Of several names all that are there count. */
  readonly header?: string | readonly string[];
  /** Finds the signatures where no header of a fixed name has them. Empty when there are none. */
  readonly find?: (inbound: Inbound) => readonly string[];
  /** Text that must stand before each signature, such as `sha256=`. */
  readonly prefix?: string;
  /** Reads headers that are lists of `name=value` pairs: see `pairs`. */
  readonly fields?: FieldReader;
  /** Reads and checks the signed time: see `signedTime`. */
  readonly timestamp?: TimeReader;
  /**
   * What is signed, as text with `{body}`, `{ts}`, `{url}`, `{method}`, `{secret}` and selectors such as
   * `{header:x-id}` in braces; or a function. `{body}` unless given.
   */
  readonly signed?: string | ((input: SignedInput) => MessageParts);
  /** The template in words, where `signed` is a function. */
  readonly signedText?: string;
  /** The setting that holds the public URL. Falls back to `config.url`, then to the request's own. */
  readonly url?: string;
  readonly covers?: Coverage;
}

/** Takes signature headers apart: the signatures, and the other pairs into `fields`. */
export interface FieldReader {
  readonly signature: string;
  readonly separator: string;
  readonly read: (options: SignedOptions, values: readonly string[], fields: Map<string, string>) => readonly string[];
}

/** Finds the signed time. Throws when it is missing, malformed or out of the window. */
export interface TimeReader {
  readonly from: Selector | `field:${string}`;
  readonly as: (text: string) => number;
  readonly read: (context: SchemeContext, fields: ReadonlyMap<string, string>) => SignedTime;
}

/** A time as it was written, and in Unix milliseconds. */
export interface SignedTime {
  readonly text: string;
  readonly at: number;
}

/** What a `signed` function works with. */
export interface SignedInput {
  readonly inbound: Inbound;
  readonly config: ProviderConfig;
  readonly url: string;
  readonly timestamp: string;
  /** The pairs of the signature header. */
  readonly fields: ReadonlyMap<string, string>;
  readonly secret: string;
}

/** The signatures a request carries, and how to build what they should be over. */
export interface SignedRequest {
  readonly signatures: readonly string[];
  readonly signedAt: number | undefined;
  readonly message: (secret: string) => MessageParts;
}

// Comparing is cheap, public-key checks are not: a long header must not become work.
const MOST_SIGNATURES = 32;

/** Whether any header of the scheme is there, the timestamp's included: half a signature must not go unnoticed. */
export function isClaimed({ header = [], find, timestamp }: SignedOptions, inbound: Inbound): boolean {
  const from = timestamp?.from ?? "";
  if (find?.(inbound).some((value) => value !== "") === true) return true;
  const names = [header].flat();
  if (from.startsWith("header:")) names.push(from.slice(7));
  return names.some((name) => inbound.header(name) !== undefined);
}

/** Reads and checks everything but the signature itself. */
export function readSigned(options: SignedOptions, context: SchemeContext): SignedRequest {
  const { inbound, config } = context;
  const values = signatureValues(options, inbound);
  const fields = new Map<string, string>();
  const signatures = (options.fields?.read ?? plainSignatures)(options, values, fields);
  const timestamp = options.timestamp?.read(context, fields);
  const url = publicUrl(options.url, context);
  return {
    signatures: signatures.slice(0, MOST_SIGNATURES),
    signedAt: timestamp?.at,
    message: (secret) =>
      buildMessage(options, { inbound, config, url, timestamp: timestamp?.text ?? "", fields, secret }),
  };
}

/** The URL as the provider has it: the named setting, the general one, or the request's. */
export function publicUrl(setting: string | undefined, context: SchemeContext): string {
  const { config, inbound } = context;
  return config[setting ?? "url"] ?? config["url"] ?? inbound.url;
}

/** The mismatch error, the same whatever was wrong: it must not say what would have been right. */
export function mismatch(options: SignedOptions): WebhookError {
  const url = options.url === undefined ? "" : " or the URL";
  return headerError(
    options,
    "signature_mismatch",
    `does not fit: another secret made it, or the body${url} was changed`,
  );
}

function signatureValues({ header = [], find }: SignedOptions, inbound: Inbound): readonly string[] {
  const names = [header].flat();
  const values = find?.(inbound) ?? names.flatMap((name) => inbound.headers.all(name));
  const present = values.filter((value) => value !== "");
  if (present.length > 0) return present;
  throw new WebhookError(
    "missing_header",
    `There is no ${names[0]}. Does the sender sign, does a proxy strip headers?`,
    {
      headerName: names[0]!,
    },
  );
}

function plainSignatures(options: SignedOptions, values: readonly string[]): string[] {
  const { prefix = "" } = options;
  const signatures = values.filter((value) => value.startsWith(prefix));
  if (signatures.length > 0) return signatures.map((value) => value.slice(prefix.length));
  const versioned = /^[\w-]{1,20}=./.test(values[0]!);
  throw headerError(options, versioned ? "unknown_version" : "malformed_header", `does not start with ${prefix}`);
}

/** An error about the signature header. */
export function headerError(options: SignedOptions, code: WebhookErrorCode, what: string): WebhookError {
  const headerName = [options.header ?? []].flat()[0] ?? "signature";
  return new WebhookError(code, `The ${headerName} ${what}.`, { headerName });
}

/** The bytes that are signed. */
export function buildMessage(options: SignedOptions, input: SignedInput): MessageParts {
  const { signed = "{body}" } = options;
  if (typeof signed === "function") return signed(input);
  const { inbound, url, timestamp: ts, secret } = input;
  const values: Readonly<Record<string, Uint8Array | string>> = {
    body: inbound.body,
    method: inbound.method,
    url,
    ts,
    secret,
  };
  // Pieces of bytes, never one string: a body may hold anything, also what looks like a placeholder.
  return signed
    .split(/[{}]/)
    .map((piece, index) => (index % 2 === 0 ? piece : (values[piece] ?? select(inbound, piece) ?? "")));
}
