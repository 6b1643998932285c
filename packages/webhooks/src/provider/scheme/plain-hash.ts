import { after } from "../../awaitable.ts";
import { digest } from "../../crypto/digest.ts";
import { encodeBytes } from "../../encoding.ts";
import type { MacFunction } from "./hmac.ts";

/**
 * Plain hash over a text that contains the secret, for older providers that do not use HMAC. For the `mac` option of
 * {@link hmac}.
 */
export const plainHash: MacFunction =
  ({ hash = "sha256", encoding = "hex" }) =>
  (parts) =>
    after(digest(hash, parts), (bytes) => encodeBytes(bytes, encoding));
