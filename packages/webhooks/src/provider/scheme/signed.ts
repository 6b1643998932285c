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
  /** How many characters stand in front of each signature: the prefix, already checked. */
  readonly skip: number;
  readonly signedAt: number | undefined;
  readonly message: (secret: string) => MessageParts;
}

/** Options made ready once, for every request. */
export interface SignedReader {
  /** Whether any header of the scheme is there, the timestamp's included: half a signature must not go unnoticed. */
  claimed(inbound: Inbound): boolean;
  /** Reads and checks everything but the signature itself. */
  read(context: SchemeContext): SignedRequest;
}

// Comparing is cheap, public-key checks are not: a long header must not become work.
const MOST_SIGNATURES = 32;

const NO_FIELDS: Map<string, string> = /* @__PURE__ */ new Map();

/** Prepares a reader. */
export function signedReader(options: SignedOptions): SignedReader {
  const { find, timestamp, fields: fieldReader, prefix = "" } = options;
  const names = [options.header ?? []].flat();
  const marks = timestamp?.from.startsWith("header:") === true ? [...names, timestamp.from.slice(7)] : names;
  const build = compileMessage(options.signed);
  return {
    claimed(inbound) {
      for (const name of marks) if (inbound.header(name) !== undefined) return true;
      return find?.(inbound).some((value) => value !== "") === true;
    },
    read(context) {
      const { inbound } = context;
      const values = find === undefined ? headerValues(names, inbound) : find(inbound).filter((value) => value !== "");
      if (values.length === 0) throw missing(names[0]);
      const fields = fieldReader === undefined ? NO_FIELDS : new Map<string, string>();
      const signatures = (fieldReader?.read ?? plainSignatures)(options, values, fields);
      const time = timestamp?.read(context, fields);
      return {
        signatures: signatures.length > MOST_SIGNATURES ? signatures.slice(0, MOST_SIGNATURES) : signatures,
        skip: fieldReader === undefined ? prefix.length : 0,
        signedAt: time?.at,
        message: (secret) =>
          build({
            inbound,
            config: context.config,
            url: publicUrl(options.url, context),
            timestamp: time?.text ?? "",
            fields,
            secret,
          }),
      };
    },
  };
}

/** The URL as the provider has it: the named setting, the general one, or the request's. */
export function publicUrl(setting: string | undefined, context: Pick<SchemeContext, "config" | "inbound">): string {
  const { config, inbound } = context;
  return config[setting ?? "url"] ?? config["url"] ?? inbound.url;
}

/** Turns a template into a function that puts the signed bytes together. */
export function compileMessage(signed: SignedOptions["signed"] = "{body}"): (input: SignedInput) => MessageParts {
  if (typeof signed === "function") return signed;
  if (signed === "{body}") return ({ inbound }) => [inbound.body];
  const pieces = signed.split(/[{}]/);
  return (input) => {
    // Pieces of bytes, never one string: a body may hold anything, also what looks like a placeholder.
    const parts: (Uint8Array | string)[] = [];
    let text = "";
    for (let index = 0; index < pieces.length; index += 1) {
      const piece = pieces[index]!;
      if (index % 2 === 1 && piece === "body") {
        if (text !== "") parts.push(text);
        parts.push(input.inbound.body);
        text = "";
      } else text += index % 2 === 0 ? piece : valueOf(piece, input);
    }
    if (text !== "") parts.push(text);
    return parts;
  };
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

/** An error about the signature header. */
export function headerError(options: SignedOptions, code: WebhookErrorCode, what: string): WebhookError {
  const headerName = [options.header ?? []].flat()[0] ?? "signature";
  return new WebhookError(code, `The ${headerName} ${what}.`, { headerName });
}

function valueOf(piece: string, { inbound, url, timestamp, secret }: SignedInput): string {
  if (piece === "ts") return timestamp;
  if (piece === "url") return url;
  if (piece === "method") return inbound.method;
  return piece === "secret" ? secret : (select(inbound, piece) ?? "");
}

function headerValues(names: readonly string[], { headers }: Inbound): string[] {
  const values: string[] = [];
  for (const name of names) for (const value of headers.all(name)) if (value !== "") values.push(value);
  return values;
}

function missing(headerName = "signature"): WebhookError {
  const message = `There is no ${headerName}. Does the sender sign, does a proxy strip headers?`;
  return new WebhookError("missing_header", message, { headerName });
}

function plainSignatures(options: SignedOptions, values: readonly string[]): readonly string[] {
  const { prefix = "" } = options;
  const signatures: string[] = [];
  for (const value of values) if (value.startsWith(prefix)) signatures.push(value);
  if (signatures.length > 0) return signatures;
  const versioned = /^[\w-]{1,20}=./.test(values[0]!);
  throw headerError(options, versioned ? "unknown_version" : "malformed_header", `does not start with ${prefix}`);
}
