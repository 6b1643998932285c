import { after, type Awaitable, firstMatch } from "../../awaitable.ts";
import { hmacKey, type MessageParts } from "../../crypto/hmac.ts";
import type { HashName } from "../../crypto/runtime.ts";
import { equalText, type TextEncoding } from "../../encoding.ts";
import { requireSecrets } from "../require.ts";
import type { Evidence, ProviderConfig, Scheme, SchemeContext } from "../types.ts";
import { mismatch, type SignedOptions, signedReader } from "./signed.ts";

/** Converts a secret, as the user pasted it, to key bytes. Throws `secret_invalid` when it cannot. */
export type SecretReader = (secret: string) => Awaitable<Uint8Array>;

/** Prepares, for one secret, the function that computes the expected signature. */
export type MacFunction = (
  options: HmacOptions,
  secret: string,
) => Awaitable<(parts: MessageParts) => Awaitable<string>>;

/**
 * A MAC in a header. With `header` alone it is the hexadecimal HMAC-SHA256 of the body, keyed with the text of the
 * secret.
 */
export interface HmacOptions extends SignedOptions {
  /** Hash function. Defaults to `sha256`. */
  readonly hash?: HashName;
  /** Encoding of the MAC. Defaults to `hex`. */
  readonly encoding?: TextEncoding;
  /** Converts the secret to key bytes, such as {@link base64Key}. Defaults to its UTF-8 text. */
  readonly key?: SecretReader;
  /** Computes the MAC. Defaults to an HMAC. */
  readonly mac?: MacFunction;
}

/** Scheme created by {@link hmac}. */
export interface HmacScheme extends Scheme {
  /** Always `hmac`. */
  readonly kind: "hmac";
  /** The options of the scheme, for tests and documentation. */
  readonly options: HmacOptions;
  /** The options for the settings of one endpoint, if they depend on settings. */
  readonly optionsFor?: (config: ProviderConfig) => HmacOptions;
}

/**
 * Scheme for an HMAC (RFC 2104) with a shared secret.
 *
 * @param options Location and encoding of the signature, hash, key and what is signed.
 * @returns A scheme for a provider definition, with `trust: "signed"`.
 * @see RFC 2104
 *
 * @example
 *
 * ```ts
 * import { hmac, pairs, signedTime, type ProviderDefinition } from "@posthorn/webhooks/provider";
 * import { signProvider } from "@posthorn/webhooks/testing";
 *
 * const acme: ProviderDefinition = {
 *   id: "acme",
 *   name: "Acme",
 *   group: "business",
 *   schemes: [
 *     hmac({
 *       header: "x-acme-signature", // t=1614265330,v1=…
 *       fields: pairs("v1"),
 *       timestamp: signedTime({ from: "field:t", tolerance: 300 }),
 *       signed: "{ts}.{body}",
 *     }),
 *   ],
 * };
 * const { headers } = await signProvider(acme, { secret: "hush", now: () => 1_614_265_330_000 });
 * console.log(Object.values(headers)[0]?.slice(0, 15)); // t=1614265330,v1
 * ```
 */
export function hmac(options: HmacOptions): HmacScheme {
  const reader = signedReader(options);
  return {
    kind: "hmac",
    name: options.name ?? "hmac",
    trust: "signed",
    covers: options.covers ?? "body",
    needs: "secrets",
    options,
    claimed: ({ inbound }) => reader.claimed(inbound),
    verify(context): Awaitable<Evidence> {
      const secrets = requireSecrets(context);
      const { signatures, skip, signedAt, message } = reader.read(context);
      const macs = macsOf(options, context);
      const fits = (text: string) => signatures.some((signature) => equalText(signature, text, skip));
      return after(
        firstMatch(secrets.length, (index) => {
          const secret = secrets[index]!;
          const mac = (macs[index] ??= (options.mac ?? keyedMac)(options, secret));
          return after(
            after(mac, (make) => make(message(secret))),
            fits,
          );
        }),
        (secretIndex) => {
          if (secretIndex < 0) throw mismatch(options);
          return { secretIndex, signedAt };
        },
      );
    },
  };
}

/** The default {@link MacFunction}: an HMAC whose key is prepared once. */
export const keyedMac: MacFunction = ({ hash = "sha256", encoding = "hex", key }, secret) =>
  after(key === undefined ? secret : key(secret), (material) => {
    const prepared = hmacKey(hash, material);
    return (parts) => prepared.macText(parts, encoding);
  });

/** Prepared MACs of a verifier, by the position of their secret. */
function macsOf(options: HmacOptions, { cache }: SchemeContext): ReturnType<MacFunction>[] {
  const known = cache.get(options) as ReturnType<MacFunction>[] | undefined;
  const macs = known ?? [];
  if (known === undefined) cache.set(options, macs);
  return macs;
}
