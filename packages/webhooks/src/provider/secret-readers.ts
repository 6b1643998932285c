import { decodeBase64, decodeHex, utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";

/** The secret is Base64 and the key is what it decodes to. */
export function base64Key(secret: string): Uint8Array {
  return decodeBase64(secret) ?? unreadable("Base64");
}

/** The secret is hexadecimal and the key is what it decodes to. */
export function hexKey(secret: string): Uint8Array {
  return decodeHex(secret) ?? unreadable("hexadecimal");
}

/** The key is the secret's text after Unicode compatibility decomposition. */
export function nfkdKey(secret: string): Uint8Array {
  return utf8(secret.normalize("NFKD"));
}

/** The key is the secret's text after HTML entities are resolved, as WordPress stores it. */
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
  throw new WebhookError("secret_invalid", `The secret is not ${encoding}. Copy it again without quotes or spaces.`);
}
