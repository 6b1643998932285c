import { checkFreshness, type ClockOptions } from "../../clock.ts";
import type { MessageParts } from "../../crypto/hmac.ts";
import { WebhookError } from "../../errors.ts";
import { formField } from "../payload.ts";
import type { Inbound } from "../inbound.ts";
import { select, type Selector } from "../select.ts";
import type { Coverage, ProviderConfig, SchemeContext } from "../types.ts";
import { parseTimestamp, type TimestampUnit } from "./timestamp.ts";

/** Where the signatures are, and what they are made over: the part that HMAC and public-key schemes share. */
export interface SignedOptions {
  readonly name?: string;
  /** Header with the signature. Of several names all that are there count; `-*` stands for the numbers from 1 on. */
  readonly header?: string | readonly string[];
  /** Form field with the signature, instead of a header. */
  readonly field?: string;
  /** Text that must stand before each signature, such as `sha256=`. */
  readonly prefix?: string;
  /** What stands between several signatures in one header. */
  readonly separator?: string;
  /** The header is a list of `name=value` pairs: which of them are signatures, and what separates pairs (`,`). */
  readonly fields?: { readonly signature: string; readonly separator?: string };
  readonly timestamp?: TimestampOptions;
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

/** A signed time. */
export interface TimestampOptions {
  /** Where it is; `field:` names a pair of the signature header. */
  readonly from: Selector | `field:${string}`;
  /** Unix seconds unless given. */
  readonly unit?: TimestampUnit;
  /** Seconds it may be off. Absent: the provider names no window and the check is the caller's choice. */
  readonly tolerance?: number;
  /** Seconds it may lie in the future, when that differs. */
  readonly future?: number;
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
const MOST_NUMBERED = 100;

/** Whether any header of the scheme is there, the timestamp's included: half a signature must not go unnoticed. */
export function isClaimed(options: SignedOptions, inbound: Inbound): boolean {
  if (options.field !== undefined && formField(inbound.text(), options.field) !== undefined) return true;
  const from = options.timestamp?.from ?? "";
  if (from.startsWith("header:") && inbound.header(from.slice(7)) !== undefined) return true;
  return headerNames(options, inbound).some((name) => inbound.header(name) !== undefined);
}

/** Reads and checks everything but the signature itself. */
export function readSigned(options: SignedOptions, context: SchemeContext): SignedRequest {
  const { inbound, config } = context;
  const { values, headerName } = signatureValues(options, inbound);
  const fields = new Map<string, string>();
  const signatures =
    options.fields === undefined
      ? plainSignatures(options, values, headerName)
      : pairSignatures(options, values, headerName, fields);
  const timestamp = options.timestamp && readTimestamp(options.timestamp, inbound, fields, context);
  const url = publicUrl(options.url, context);
  return {
    signatures: signatures.slice(0, MOST_SIGNATURES),
    signedAt: timestamp?.at,
    message: (secret) => message(options, { inbound, config, url, timestamp: timestamp?.text ?? "", fields, secret }),
  };
}

/** The URL as the provider has it: the named setting, the general one, or the request's. */
export function publicUrl(setting: string | undefined, context: SchemeContext): string {
  const { config, inbound } = context;
  return (setting === undefined ? undefined : config[setting]) ?? config["url"] ?? inbound.url;
}

/** The mismatch error, the same whatever was wrong: it must not say what would have been right. */
export function mismatch(options: SignedOptions): WebhookError {
  const url = options.url !== undefined || (typeof options.signed === "string" && options.signed.includes("{url}"));
  return new WebhookError(
    "signature_mismatch",
    `The signature does not fit. Either the secret is another endpoint's, or the body ${url ? "or the URL " : ""}is not what was signed.`,
    location(options),
  );
}

function location(options: SignedOptions): { headerName?: string; field?: string } {
  const [headerName] = [options.header ?? []].flat();
  return { ...(headerName && { headerName }), ...(options.field && { field: options.field }) };
}

function headerNames(options: SignedOptions, inbound: Inbound): string[] {
  const names = [options.header ?? []].flat();
  return names.flatMap((name) => {
    if (!name.endsWith("-*")) return [name];
    const numbered: string[] = [];
    for (let number = 1; number <= MOST_NUMBERED; number += 1) {
      const candidate = name.slice(0, -1) + number;
      if (number > 1 && inbound.header(candidate) === undefined) break;
      numbered.push(candidate);
    }
    return numbered;
  });
}

function signatureValues(options: SignedOptions, inbound: Inbound): { values: readonly string[]; headerName: string } {
  if (options.field !== undefined) {
    const value = formField(inbound.text(), options.field);
    if (value) return { values: [value], headerName: "" };
    throw new WebhookError("missing_field", `The form has no ${options.field} field.`, { field: options.field });
  }
  const names = headerNames(options, inbound);
  const values = names.flatMap((name) => inbound.headers.all(name)).filter((value) => value !== "");
  const headerName = names[0] ?? "";
  if (values.length > 0) return { values, headerName };
  throw new WebhookError(
    "missing_header",
    `The request has no ${headerName} header. Check that the sender signs its requests and no proxy strips it.`,
    { headerName },
  );
}

function plainSignatures(options: SignedOptions, values: readonly string[], headerName: string): string[] {
  const { prefix = "", separator } = options;
  const items = separator === undefined ? values : values.flatMap((value) => value.split(separator));
  const signatures = items.map((item) => item.trim()).filter((item) => item.startsWith(prefix));
  if (signatures.length > 0) return signatures.map((item) => item.slice(prefix.length));
  const versioned = /^[\w-]{1,20}=./.test(items[0] ?? "");
  throw new WebhookError(
    versioned ? "unknown_version" : "malformed_header",
    `The ${headerName} header does not start with ${prefix}`,
    { headerName },
  );
}

function pairSignatures(
  options: SignedOptions,
  values: readonly string[],
  headerName: string,
  fields: Map<string, string>,
): string[] {
  const { signature, separator = "," } = options.fields!;
  const signatures: string[] = [];
  for (const pair of values.flatMap((value) => value.split(separator))) {
    const equals = pair.indexOf("=");
    const name = pair.slice(0, equals).trim();
    const value = pair.slice(equals + 1).trim();
    if (equals <= 0) throw malformedPairs(headerName);
    if (name === signature) signatures.push(value);
    // Versions that are not known may repeat; a second timestamp would leave open which one was signed.
    else if (fields.has(name) && options.timestamp?.from === `field:${name}`) throw malformedPairs(headerName);
    else fields.set(name, value);
  }
  if (signatures.length > 0) return signatures;
  throw new WebhookError("unknown_version", `The ${headerName} header has no ${signature}= signature.`, { headerName });
}

function malformedPairs(headerName: string): WebhookError {
  return new WebhookError("malformed_header", `The ${headerName} header is not a list of name=value pairs.`, {
    headerName,
  });
}

function readTimestamp(
  options: TimestampOptions,
  inbound: Inbound,
  fields: ReadonlyMap<string, string>,
  context: ClockOptions,
): { readonly text: string; readonly at: number } {
  const { from, unit, tolerance, future } = options;
  const name = from.slice(from.indexOf(":") + 1);
  const isHeader = from.startsWith("header:");
  const details = isHeader ? { headerName: name } : { field: name };
  const text = from.startsWith("field:") ? fields.get(name) : select(inbound, from);
  if (text === undefined || text === "") {
    throw new WebhookError(isHeader ? "missing_header" : "missing_field", `The request has no ${name}.`, details);
  }
  const at = parseTimestamp(text, unit);
  if (Number.isNaN(at)) {
    throw new WebhookError("timestamp_invalid", `The ${name} of the request is not a timestamp.`, details);
  }
  checkFreshness(
    at,
    future === undefined ? context : { futureToleranceSeconds: future, ...context },
    tolerance ?? Infinity,
    details,
  );
  return { text, at };
}

function message(options: SignedOptions, input: SignedInput): MessageParts {
  const { signed = "{body}" } = options;
  if (typeof signed === "function") return signed(input);
  const { inbound } = input;
  // Pieces of bytes, never one string: a body may hold anything, also what looks like a placeholder.
  return signed.split(/[{}]/).map((piece, index) => {
    if (index % 2 === 0) return piece;
    if (piece === "body") return inbound.body;
    if (piece === "ts") return input.timestamp;
    if (piece === "url") return input.url;
    if (piece === "method") return inbound.method;
    if (piece === "secret") return input.secret;
    return select(inbound, piece) ?? "";
  });
}
