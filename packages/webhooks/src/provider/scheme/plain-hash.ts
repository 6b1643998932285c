import { after } from "../../awaitable.ts";
import { digest } from "../../crypto/digest.ts";
import { encodeBytes } from "../../encoding.ts";
import type { MacFunction } from "./hmac.ts";

/** A hash over a text that holds the secret, as some providers used before they had heard of HMAC. */
export const plainHash: MacFunction =
  ({ hash = "sha256", encoding = "hex" }) =>
  (parts) =>
    after(digest(hash, parts), (bytes) => encodeBytes(bytes, encoding));
