/** Response bodies as text. */

/** Bytes of a response body that are kept. */
export const MAX_RESPONSE_BYTES = 20_000;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The body as text; in base64 if it is not UTF-8. */
export function textOf(body: Uint8Array): string {
  if (body.byteLength === 0) return "";
  try {
    return utf8.decode(body);
  } catch {
    // A truncated body may end in the middle of a character.
    return decodeCut(body) ?? Buffer.from(body).toString("base64");
  }
}

function decodeCut(body: Uint8Array): string | null {
  if (body.byteLength < MAX_RESPONSE_BYTES) return null;
  for (let cut = 1; cut <= 3; cut++) {
    try {
      return utf8.decode(body.subarray(0, body.byteLength - cut));
    } catch {
      continue;
    }
  }
  return null;
}
