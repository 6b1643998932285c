import { after, type Awaitable, firstMatch } from "../../awaitable.ts";
import { hmacKey, type MessageParts } from "../../crypto/hmac.ts";
import type { HashName } from "../../crypto/runtime.ts";
import { equalText, type TextEncoding } from "../../encoding.ts";
import { requireSecrets } from "../require.ts";
import type { Evidence, ProviderConfig, Scheme, SchemeContext } from "../types.ts";
import { mismatch, type SignedOptions, signedReader } from "./signed.ts";

/** Turns a secret as the user pasted it into key bytes. Throws `secret_invalid` when it cannot. */
export type SecretReader = (secret: string) => Awaitable<Uint8Array>;

/** Prepares, for one secret, what makes the text that a signature must equal. */
export type MacFunction = (
  options: HmacOptions,
  secret: string,
) => Awaitable<(parts: MessageParts) => Awaitable<string>>;

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

/** The default: an HMAC, its key prepared once. */
export const keyedMac: MacFunction = ({ hash = "sha256", encoding = "hex", key }, secret) =>
  after(key === undefined ? secret : key(secret), (material) => {
    const prepared = hmacKey(hash, material);
    return (parts) => prepared.macText(parts, encoding);
  });

/** The prepared MACs of a verifier, by the position of their secret. */
function macsOf(options: HmacOptions, { cache }: SchemeContext): ReturnType<MacFunction>[] {
  const known = cache.get(options) as ReturnType<MacFunction>[] | undefined;
  const macs = known ?? [];
  if (known === undefined) cache.set(options, macs);
  return macs;
}
