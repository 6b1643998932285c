import { after, type Awaitable, firstMatch } from "../../awaitable.ts";
import { digest } from "../../crypto/digest.ts";
import { type HmacKey, hmacKey, type MessageParts } from "../../crypto/hmac.ts";
import type { HashName } from "../../crypto/runtime.ts";
import { encodeBytes, equalText, type TextEncoding, utf8 } from "../../encoding.ts";
import { WebhookError } from "../../errors.ts";
import { requireSecrets } from "../require.ts";
import type { Evidence, Scheme, SchemeContext } from "../types.ts";
import { isClaimed, mismatch, readSigned, type SignedOptions } from "./signed.ts";

/** Turns a secret as the user pasted it into key bytes. Throws `secret_invalid` when it cannot. */
export type SecretReader = (secret: string) => Awaitable<Uint8Array>;

/** A MAC in a header. With no options but `header` it is HMAC-SHA256 of the body in hex, keyed with the secret's text. */
export interface HmacOptions extends SignedOptions {
  readonly hash?: HashName;
  /** The prefix chooses the hash, from this list and no other. */
  readonly hashes?: Readonly<Record<string, HashName>>;
  readonly encoding?: TextEncoding;
  readonly key?: SecretReader;
  /** A plain hash over a text that holds the secret, instead of an HMAC. */
  readonly plain?: boolean;
  /** Hex in capitals counts too. */
  readonly anyCase?: boolean;
  /** Narrows when the scheme is claimed, where two schemes of a provider share a header. */
  readonly when?: (context: SchemeContext) => boolean;
}

/** An {@link HmacOptions} scheme; the options stay readable, for signing in tests and for documentation. */
export interface HmacScheme extends Scheme {
  readonly kind: "hmac";
  readonly options: HmacOptions;
}

/** HMAC with a shared secret. */
export function hmac(options: HmacOptions): HmacScheme {
  return {
    kind: "hmac",
    name: options.name ?? "hmac",
    trust: "signed",
    covers: options.covers ?? "body",
    summary: summarize(options),
    needs: "secrets",
    options,
    claimed: (context) => isClaimed(options, context.inbound) && options.when?.(context) !== false,
    verify: (context) => verifyHmac(options, context),
  };
}

function verifyHmac(options: HmacOptions, context: SchemeContext): Awaitable<Evidence> {
  const secrets = requireSecrets(context);
  if (options.when?.(context) === false && isClaimed(options, context.inbound)) {
    throw new WebhookError("unknown_version", "The request is signed in another version, or for another key.");
  }
  const { hash, signed } = readHashes(options, context);
  const { signatures, signedAt, message } = signed;
  const given = options.anyCase === true ? signatures.map((text) => text.toLowerCase()) : signatures;
  return after(
    firstMatch(secrets.length, (index) => {
      const secret = secrets[index]!;
      const mac = macOf(options, hash, secret, message(secret), context.cache);
      return after(mac, (text) => given.some((signature) => equalText(signature, text)));
    }),
    (secretIndex) => {
      if (secretIndex < 0) throw mismatch(options);
      return { secretIndex, signedAt };
    },
  );
}

/** With several hashes, the first whose prefix the header has decides, and the signature is read with that prefix. */
function readHashes(
  options: HmacOptions,
  context: SchemeContext,
): { hash: HashName; signed: ReturnType<typeof readSigned> } {
  const { hash = "sha256", hashes } = options;
  if (hashes === undefined) return { hash, signed: readSigned(options, context) };
  const value = context.inbound.header([options.header ?? ""].flat()[0] ?? "") ?? "";
  const [prefix, chosen] = Object.entries(hashes).find(([start]) => value.startsWith(start)) ?? [];
  if (prefix === undefined || chosen === undefined) {
    return { hash, signed: readSigned({ ...options, prefix: Object.keys(hashes)[0] ?? "" }, context) };
  }
  return { hash: chosen, signed: readSigned({ ...options, prefix }, context) };
}

function macOf(
  options: HmacOptions,
  hash: HashName,
  secret: string,
  parts: MessageParts,
  cache: Map<string, unknown>,
): Awaitable<string> {
  const { encoding = "hex" } = options;
  if (options.plain === true) return after(digest(hash, parts), (bytes) => encodeBytes(bytes, encoding));
  const id = `${hash}:${secret}`;
  const cached = cache.get(id) as Awaitable<HmacKey> | undefined;
  const key = cached ?? after((options.key ?? utf8)(secret), (bytes) => hmacKey(hash, bytes));
  if (cached === undefined) cache.set(id, key);
  return after(key, (prepared) => prepared.macText(parts, encoding));
}

function summarize(options: HmacOptions): string {
  const { hash = "sha256", encoding = "hex", prefix = "", signed = "{body}", hashes } = options;
  const what = typeof signed === "string" ? signed : (options.signedText ?? "");
  const name = hashes === undefined ? hash.toUpperCase() : Object.values(hashes).join("/").toUpperCase();
  return `${prefix}${encoding}(${options.plain === true ? "" : "HMAC-"}${name} of ${what})`;
}
