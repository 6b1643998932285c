import { after, type Awaitable, firstMatch } from "../../awaitable.ts";
import { type HmacKey, hmacKey, type MessageParts } from "../../crypto/hmac.ts";
import type { HashName } from "../../crypto/runtime.ts";
import { equalText, type TextEncoding, utf8 } from "../../encoding.ts";
import { requireSecrets } from "../require.ts";
import type { Evidence, ProviderConfig, Scheme, SchemeContext } from "../types.ts";
import { isClaimed, mismatch, readSigned, type SignedOptions } from "./signed.ts";

/** Turns a secret as the user pasted it into key bytes. Throws `secret_invalid` when it cannot. */
export type SecretReader = (secret: string) => Awaitable<Uint8Array>;

/** Makes the text that a signature must equal. */
export type MacFunction = (
  options: HmacOptions,
  secret: string,
  parts: MessageParts,
  cache: Map<string, unknown>,
) => Awaitable<string>;

/** A MAC in a header. With no options but `header` it is HMAC-SHA256 of the body in hex, keyed with the secret's text. */
export interface HmacOptions extends SignedOptions {
  readonly hash?: HashName;
  readonly encoding?: TextEncoding;
  readonly key?: SecretReader;
  /** How the MAC is made: an HMAC unless given. */
  readonly mac?: MacFunction;
}

/** An {@link HmacOptions} scheme; the options stay readable, for signing in tests and for documentation. */
export interface HmacScheme extends Scheme {
  readonly kind: "hmac";
  readonly options: HmacOptions;
  /** The options for the settings of one endpoint, where they differ. */
  readonly optionsFor?: (config: ProviderConfig) => HmacOptions;
}

/** HMAC with a shared secret. */
export function hmac(options: HmacOptions): HmacScheme {
  return {
    kind: "hmac",
    name: options.name ?? "hmac",
    trust: "signed",
    covers: options.covers ?? "body",
    needs: "secrets",
    options,
    claimed: ({ inbound }) => isClaimed(options, inbound),
    verify: (context) => verifyHmac(options, context),
  };
}

function verifyHmac(options: HmacOptions, context: SchemeContext): Awaitable<Evidence> {
  const secrets = requireSecrets(context);
  const { signatures, signedAt, message } = readSigned(options, context);
  const { mac = keyedMac } = options;
  return after(
    firstMatch(secrets.length, (index) => {
      const secret = secrets[index]!;
      return after(mac(options, secret, message(secret), context.cache), (text) =>
        signatures.some((signature) => equalText(signature, text)),
      );
    }),
    (secretIndex) => {
      if (secretIndex < 0) throw mismatch(options);
      return { secretIndex, signedAt };
    },
  );
}

/** The default: an HMAC, its key prepared once. */
const keyedMac: MacFunction = ({ hash = "sha256", encoding = "hex", key = utf8 }, secret, parts, cache) => {
  const id = `${hash}:${secret}`;
  const cached = cache.get(id) as Awaitable<HmacKey> | undefined;
  const prepared = cached ?? after(key(secret), (bytes) => hmacKey(hash, bytes));
  if (cached === undefined) cache.set(id, prepared);
  return after(prepared, (ready) => ready.macText(parts, encoding));
};
