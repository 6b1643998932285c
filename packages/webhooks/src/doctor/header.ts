import { decodeBase64, decodeBase64Url, decodeHex, encodeBase64, encodeHex } from "../encoding.ts";
import type { HeadersInput } from "../request.ts";
import type { Attempt, FindingCode, Remedy } from "./attempt.ts";

type Pair = readonly [name: string, value: string];

const SIGNING = /sign|hmac|hash|digest|auth|token/i;

/** Headers as the sender may have sent them, before something renamed or rewrote them. */
export function* headerRemedies(attempt: Attempt): Generator<Remedy> {
  const pairs = pairsOf(attempt.request.headers);
  if (pairs === undefined) return;
  const change = (code: FindingCode, message: string, edit: (pair: Pair) => Pair): Remedy[] => {
    const edited = pairs.map(edit);
    if (edited.every(([name, value], index) => name === pairs[index]![0] && value === pairs[index]![1])) return [];
    return [{ code, message, attempt: { ...attempt, request: { ...attempt.request, headers: edited } } }];
  };
  const value =
    (edit: (text: string) => string) =>
    ([name, text]: Pair): Pair =>
      SIGNING.test(name) ? [name, edit(text)] : [name, text];

  yield* change(
    "header_names",
    "The headers have CGI variable names (HTTP_X_…). Pass their HTTP names.",
    ([name, text]) => [
      name
        .replace(/^http_/i, "")
        .replaceAll("_", "-")
        .toLowerCase(),
      text,
    ],
  );
  for (const [from, to] of [
    ["webhook", "svix"],
    ["svix", "webhook"],
  ] as const) {
    yield* change(
      "header_family",
      `The request has ${from}- headers, but the verifier reads only ${to}- headers. Allow both prefixes.`,
      ([name, text]) => [name.replace(new RegExp(`^${from}-(?=id$|timestamp$|signature$)`, "i"), `${to}-`), text],
    );
  }
  yield* change("header_quoted", "The value of the signature header is in quotes. Remove them.", value(unquote));
  for (const prefix of ["sha256=", "sha1=", "v0=", "v1=", "v1,"]) {
    const message = `The value of the signature header must start with ${prefix}, but the prefix is missing.`;
    yield* change(
      "signature_prefix",
      message,
      value((text) => (/^[\w+/=-]{20,}$/.test(text) ? prefix + text : text)),
    );
  }
  yield* change(
    "signature_prefix",
    "The value of the signature header starts with an algorithm prefix that the scheme does not use.",
    value((text) => text.replace(/^(sha\d+|hmac-sha\d+|v\d)[=,:]/i, "")),
  );
  yield* encodings(change, value);
}

function* encodings(
  change: (code: FindingCode, message: string, edit: (pair: Pair) => Pair) => Remedy[],
  value: (edit: (text: string) => string) => (pair: Pair) => Pair,
): Generator<Remedy> {
  const message = (got: string, wanted: string): string =>
    `The signature is encoded in ${got}, but the scheme uses ${wanted}. The sender uses another variant, or something re-encoded it.`;
  const recode = (
    pattern: RegExp,
    decode: (text: string) => Uint8Array | undefined,
    encode: (bytes: Uint8Array) => string,
  ) =>
    value((text) =>
      text.replace(pattern, (token) => {
        const bytes = decode(token);
        return bytes === undefined || ![20, 32, 48, 64].includes(bytes.length) ? token : encode(bytes);
      }),
    );
  const hex = /\b[0-9a-f]{40,128}\b/gi;
  const base64 = /[A-Za-z0-9+/]{27,86}={0,2}/g;
  yield* change("signature_encoding", message("hexadecimal", "Base64"), recode(hex, decodeHex, encodeBase64));
  yield* change("signature_encoding", message("Base64", "hexadecimal"), recode(base64, decodeBase64, encodeHex));
  const urlSafe = /[A-Za-z0-9_-]{27,86}/g;
  yield* change(
    "signature_encoding",
    message("URL-safe Base64", "Base64"),
    recode(urlSafe, decodeBase64Url, encodeBase64),
  );
  yield* change("signature_encoding", message("upper-case hexadecimal", "lower-case hexadecimal"), value(lowerHex));
}

function lowerHex(text: string): string {
  return text.replace(/\b[0-9A-F]{40,128}\b/g, (token) => token.toLowerCase());
}

function unquote(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, "$2");
}

/** The headers as pairs; `undefined` for a `Headers`-like object that cannot be iterated. */
function pairsOf(headers: HeadersInput): readonly Pair[] | undefined {
  if (Array.isArray(headers)) return headers as readonly Pair[];
  if (typeof (headers as { readonly get?: unknown }).get === "function") {
    const { entries } = headers as { readonly entries?: () => Iterable<Pair> };
    return entries === undefined ? undefined : [...entries.call(headers)];
  }
  return Object.entries(headers).flatMap(([name, values]: [string, unknown]): Pair[] =>
    Array.isArray(values)
      ? values.map((item): Pair => [name, String(item)])
      : typeof values === "string"
        ? [[name, values]]
        : [],
  );
}
