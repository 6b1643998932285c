import type { MessageParts } from "../../crypto/hmac.ts";
import { WebhookError, type WebhookErrorCode } from "../../errors.ts";
import type { Inbound } from "../inbound.ts";
import { select, type Selector } from "../select.ts";
import type { Coverage, ProviderConfig, SchemeContext } from "../types.ts";

/** Options that HMAC and public-key schemes share: location of the signatures, and the signed content. */
export interface SignedOptions {
  /** Name of the scheme. */
  readonly name?: string;
  /** Header with the signature, in lower case. With several names, all headers present are used. */
  readonly header?: string | readonly string[];
  /** Finds the signatures when they are not in a header with a fixed name. Empty when there are none. */
  readonly find?: (inbound: Inbound) => readonly string[];
  /** Text that must precede each signature, such as `sha256=`. */
  readonly prefix?: string;
  /** Reads headers that are lists of `name=value` pairs: see {@link pairs}. */
  readonly fields?: FieldReader;
  /** Reads and checks the signed timestamp: see {@link signedTime}. */
  readonly timestamp?: TimeReader;
  /**
   * What is signed: a text with `{body}`, `{ts}`, `{url}`, `{method}`, `{secret}` and selectors such as
   * `{header:x-id}` in braces, or a function. Defaults to `{body}`.
   */
  readonly signed?: string | ((input: SignedInput) => MessageParts);
  /** The template in words, when `signed` is a function. */
  readonly signedText?: string;
  /** Name of the setting with the public URL. Falls back to `config.url`, then to the URL of the request. */
  readonly url?: string;
  /** Part of the request that the signature protects. Defaults to `body`. */
  readonly covers?: Coverage;
}

/** Splits signature headers into signatures and other fields. */
export interface FieldReader {
  readonly signature: string;
  readonly separator: string;
  readonly read: (options: SignedOptions, values: readonly string[], fields: Map<string, string>) => readonly string[];
}

/** Finds the signed timestamp. Throws when it is missing, malformed or outside the tolerance. */
export interface TimeReader {
  /** Maximum age of the timestamp in seconds. Absent when the provider defines none. */
  readonly tolerance?: number;
  readonly from: Selector | `field:${string}`;
  readonly as: (text: string) => number;
  readonly read: (context: SchemeContext, fields: ReadonlyMap<string, string>) => SignedTime;
}

/** A timestamp as it was written, and in milliseconds since the Unix epoch. */
export interface SignedTime {
  readonly text: string;
  readonly at: number;
}

/** Input of a `signed` function. */
export interface SignedInput {
  /** The request. */
  readonly inbound: Inbound;
  /** Settings from the caller. */
  readonly config: ProviderConfig;
  /** Public URL that the sender called. */
  readonly url: string;
  /** Signed timestamp as it was written; `""` for none. */
  readonly timestamp: string;
  /** Other pairs of the signature header. */
  readonly fields: ReadonlyMap<string, string>;
  /** The secret that is being tried. */
  readonly secret: string;
}

/** The signatures of a request, and a function that builds the signed text. */
export interface SignedRequest {
  readonly signatures: readonly string[];
  /** Length of the prefix of each signature, which has already been checked. */
  readonly skip: number;
  readonly signedAt: number | undefined;
  readonly message: (secret: string) => MessageParts;
}

/** Options prepared once, for all requests. */
export interface SignedReader {
  /**
   * Whether any header of the scheme is present, including that of the timestamp: half a signature must not go
   * unnoticed.
   */
  claimed(inbound: Inbound): boolean;
  /** Reads and checks everything except the signature itself. */
  read(context: SchemeContext): SignedRequest;
}

// Public-key checks are expensive, so the number of signatures in one header is bounded.
const MAX_SIGNATURES = 32;

const NO_FIELDS: Map<string, string> = /* @__PURE__ */ new Map();

/** Prepares a reader for the options. */
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
        signatures: signatures.length > MAX_SIGNATURES ? signatures.slice(0, MAX_SIGNATURES) : signatures,
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

/** The URL that the sender called: from the named setting, from `config.url`, or from the request. */
export function publicUrl(setting: string | undefined, context: Pick<SchemeContext, "config" | "inbound">): string {
  const { config, inbound } = context;
  return config[setting ?? "url"] ?? config["url"] ?? inbound.url;
}

/** Compiles a template to a function that assembles the signed bytes. */
export function compileMessage(signed: SignedOptions["signed"] = "{body}"): (input: SignedInput) => MessageParts {
  if (typeof signed === "function") return signed;
  if (signed === "{body}") return ({ inbound }) => [inbound.body];
  const pieces = signed.split(/[{}]/);
  return (input) => {
    // Byte pieces instead of one string, because a body may contain anything, including text like a placeholder.
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

/** Creates the mismatch error. It is the same for every cause, so that it never reveals the correct signature. */
export function mismatch(options: SignedOptions): WebhookError {
  const url = options.url === undefined ? "" : " or the URL";
  return headerError(options, "signature_mismatch", `does not match: wrong secret, or the body${url} was changed`);
}

/** Creates an error about the signature header. */
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
  const message = `The request has no ${headerName}. Check that the sender signs and no proxy removes headers.`;
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
