import { concatBytes, decodeBase64, decodeUtf8, equalBytes, utf8 } from "../encoding.ts";
import { type Attempt, type FindingCode, type Remedy, withBody } from "./attempt.ts";
import { jsonWritings } from "./json.ts";

const PARSED = "Verify the raw bytes, before anything parses them";

/** Size up to which whole bodies are rewritten; of larger bodies only the ends are changed. */
const MAX_REWRITTEN = 256 * 1024;

/** Bodies that the sender may have signed before something in transit changed them. */
export function* bodyRemedies(attempt: Attempt): Generator<Remedy> {
  const { body } = attempt.request;
  const change = (code: FindingCode, message: string, changed: string | Uint8Array | undefined): Remedy[] => {
    const bytes = typeof changed === "string" ? utf8(changed) : changed;
    // Not security-relevant: only drops changes without an effect.
    return bytes === undefined || equalBytes(bytes, body) ? [] : [{ code, message, attempt: withBody(attempt, bytes) }];
  };

  yield* newlines(body, change);
  const text = decodeUtf8(body);
  if (text === undefined) return;
  yield* change(
    "body_byte_order_mark",
    "The body starts with a byte order mark that was not signed. Save the captured body as UTF-8 without it.",
    text.startsWith("\ufeff") ? text.slice(1) : undefined,
  );
  yield* change(
    "body_whitespace",
    "The white space around the body was not signed. Use the body exactly as it arrived.",
    text.trim(),
  );
  yield* change(
    "body_emptied",
    "The sender signed an empty body, and a parser turned it into something else. " + PARSED + ".",
    "",
  );
  if (body.length <= MAX_REWRITTEN) yield* rewritten(text, change);
}

function* rewritten(text: string, change: Change): Generator<Remedy> {
  yield* change("body_line_endings", lineEndings("\\n", "\\r\\n"), text.replaceAll("\r\n", "\n"));
  yield* change("body_line_endings", lineEndings("\\r\\n", "\\n"), text.replace(/\r?\n/g, "\r\n"));
  yield* wrapped(text, change);
  yield* change(
    "body_character_set",
    "The body was decoded as Latin-1 and encoded as UTF-8. Read the body as bytes, or decode it as UTF-8.",
    latin1(text),
  );
  for (const { style, written } of jsonWritings(text)) {
    yield* change(
      "body_reserialised",
      `The JSON was parsed and serialised again; the sender signed it ${style}. ${PARSED}.`,
      written,
    );
  }
  for (const written of formWritings(text)) {
    yield* change("body_form_reserialised", `The form was parsed and serialised again. ${PARSED}.`, written);
  }
}

type Change = (code: FindingCode, message: string, changed: string | Uint8Array | undefined) => Remedy[];

function* newlines(body: Uint8Array, change: Change): Generator<Remedy> {
  const extra =
    "The body ends with a newline that was not signed. Use a tool that does not add one (echo and most editors do).";
  const lost = "The sender signed a newline at the end of the body, which is now missing. Do not trim the body.";
  const last = body.at(-1);
  if (last === 0x0a) {
    yield* change("body_newline", extra, body.subarray(0, -1));
    if (body.at(-2) === 0x0d) yield* change("body_newline", extra, body.subarray(0, -2));
  }
  yield* change("body_newline", lost, concatBytes([body, utf8("\n")]));
  yield* change("body_newline", lost, concatBytes([body, utf8("\r\n")]));
}

/** Bodies that something wrapped in another encoding. */
function* wrapped(text: string, change: Change): Generator<Remedy> {
  const quoted = parse(text);
  yield* change(
    "body_quoted",
    "The body is a JSON string that contains the real body. JSON.stringify was called once too often; pass the inner text.",
    typeof quoted === "string" ? quoted : undefined,
  );
  yield* change(
    "body_base64",
    "The body is still Base64-encoded. Decode it first (AWS Lambda says so with isBase64Encoded).",
    text.length > 0 ? decodeBase64(text.trim()) : undefined,
  );
}

/** The bytes that decode to this text as Latin-1, if any. */
function latin1(text: string): Uint8Array | undefined {
  if (!/[\u0080-\u00ff]/.test(text) || /[\u0100-\uffff]/.test(text)) return undefined;
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Other encodings of the same form: spaces as `+` or `%20`, and the characters that browsers do not escape. */
function formWritings(text: string): string[] {
  if (!text.includes("=") || /[\s{}<>]/.test(text)) return [];
  const written = new URLSearchParams(text).toString();
  const percent = written.replaceAll("+", "%20");
  return [written, percent, percent.replace(/%(7E|21|27|28|29)/g, (code) => decodeURIComponent(code))];
}

function lineEndings(signed: string, got: string): string {
  return `The line endings were signed as ${signed} and are now ${got}. Copy the captured body as a binary file.`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
