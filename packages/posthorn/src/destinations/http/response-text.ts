/** The body of an answer as text. */

/** Bytes of a response that are kept. */
export const MAX_RESPONSE_BYTES = 20_000;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The text of a response; what is not UTF-8 in base64. */
export function textOf(body: Uint8Array): string {
  if (body.byteLength === 0) return "";
  try {
    return utf8.decode(body);
  } catch {
    // A body that was cut off may end within a character.
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
