import { decodeBase64, decodeHex, utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";

/**
 * Reads a secret that is the Base64 form of the key, for the `key` option of {@link hmac}.
 *
 * @param secret Secret as the provider shows it.
 * @returns The decoded key.
 * @throws {WebhookError} `secret_invalid` when the secret is not Base64.
 *
 * @example
 *
 * ```ts
 * import { base64Key, hmac } from "@posthorn/webhooks/provider";
 *
 * const scheme = hmac({ header: "x-acme-signature", key: base64Key });
 * console.log(scheme.options.key === base64Key, base64Key("aGk=").length); // true 2
 * ```
 */
export function base64Key(secret: string): Uint8Array {
  return decodeBase64(secret) ?? unreadable("Base64");
}

/**
 * Reads a secret that is the hexadecimal form of the key, for the `key` option of {@link hmac}.
 *
 * @param secret Secret as the provider shows it.
 * @returns The decoded key.
 * @throws {WebhookError} `secret_invalid` when the secret is not hexadecimal.
 *
 * @example
 *
 * ```ts
 * import { hexKey } from "@posthorn/webhooks/provider";
 *
 * console.log(hexKey("6869").length); // 2
 * ```
 */
export function hexKey(secret: string): Uint8Array {
  return decodeHex(secret) ?? unreadable("hexadecimal");
}

/** Reads a secret whose key is its text after Unicode compatibility decomposition. */
export function nfkdKey(secret: string): Uint8Array {
  return utf8(secret.normalize("NFKD"));
}

/** Reads a secret whose key is its text with HTML entities resolved, as WordPress stores it. */
export function htmlKey(secret: string): Uint8Array {
  return utf8(
    secret.replace(/&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi, (whole, name, decimal, hex) => {
      if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
      const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    }),
  );
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unreadable(encoding: string): never {
  throw new WebhookError("secret_invalid", `The secret is not ${encoding}. Copy it without quotes or spaces.`);
}
