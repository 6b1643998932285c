import { concatBytes, decodeBase64, decodeUtf8, equalBytes, utf8 } from "../encoding.ts";
import { type Attempt, type FindingCode, type Remedy, withBody } from "./attempt.ts";
import { jsonWritings } from "./json.ts";

const PARSED = "Verify the bytes as they came, before anything parses them";

/** Bytes of a body that is rewritten as a whole; of larger ones only the ends are changed. */
const MAX_REWRITTEN = 256 * 1024;

/** What the body may have been before something on the way changed it. */
export function* bodyRemedies(attempt: Attempt): Generator<Remedy> {
  const { body } = attempt.request;
  const change = (code: FindingCode, message: string, changed: string | Uint8Array | undefined): Remedy[] => {
    const bytes = typeof changed === "string" ? utf8(changed) : changed;
    // Comparing here needs no constant time, it only drops changes that change nothing.
    return bytes === undefined || equalBytes(bytes, body) ? [] : [{ code, message, attempt: withBody(attempt, bytes) }];
  };

  yield* newlines(body, change);
  const text = decodeUtf8(body);
  if (text === undefined) return;
  yield* change(
    "body_byte_order_mark",
    "The body has a byte order mark that was not signed. Save the captured body as UTF-8 without one.",
    text.startsWith("\ufeff") ? text.slice(1) : undefined,
  );
  yield* change(
    "body_whitespace",
    "White space around the body was not signed. Take the body as it came.",
    text.trim(),
  );
  yield* change(
    "body_emptied",
    "The sender signed an empty body; a parser made something of nothing. " + PARSED + ".",
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
    "The body's bytes were read as Latin-1 and written as UTF-8. Read the body as bytes, or as UTF-8.",
    latin1(text),
  );
  for (const { style, written } of jsonWritings(text)) {
    yield* change(
      "body_reserialised",
      `The JSON was parsed and written again: it was signed ${style}. ${PARSED}.`,
      written,
    );
  }
  for (const written of formWritings(text)) {
    yield* change("body_form_reserialised", `The form was parsed and written again. ${PARSED}.`, written);
  }
}

type Change = (code: FindingCode, message: string, changed: string | Uint8Array | undefined) => Remedy[];

function* newlines(body: Uint8Array, change: Change): Generator<Remedy> {
  const extra =
    "The body ends with a newline that was not signed. Keep tools that end files with one (echo, editors) away from it.";
  const lost = "The body was signed with a newline at its end that got lost. Take the body as it came, untrimmed.";
  const last = body.at(-1);
  if (last === 0x0a) {
    yield* change("body_newline", extra, body.subarray(0, -1));
    if (body.at(-2) === 0x0d) yield* change("body_newline", extra, body.subarray(0, -2));
  }
  yield* change("body_newline", lost, concatBytes([body, utf8("\n")]));
  yield* change("body_newline", lost, concatBytes([body, utf8("\r\n")]));
}

/** Bodies that something put into another text. */
function* wrapped(text: string, change: Change): Generator<Remedy> {
  const quoted = parse(text);
  yield* change(
    "body_quoted",
    "The body is a JSON text that holds the real body. Hand the inner text over: something called JSON.stringify once too often.",
    typeof quoted === "string" ? quoted : undefined,
  );
  yield* change(
    "body_base64",
    "The body is still Base64. Decode it first; in AWS Lambda that is what isBase64Encoded means.",
    text.length > 0 ? decodeBase64(text.trim()) : undefined,
  );
}

/** The bytes whose Latin-1 reading the text is, when it can be one. */
function latin1(text: string): Uint8Array | undefined {
  if (!/[\u0080-\u00ff]/.test(text) || /[\u0100-\uffff]/.test(text)) return undefined;
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Other ways to write the same form: spaces as `+` or `%20`, and what browsers leave unescaped. */
function formWritings(text: string): string[] {
  if (!text.includes("=") || /[\s{}<>]/.test(text)) return [];
  const written = new URLSearchParams(text).toString();
  const percent = written.replaceAll("+", "%20");
  return [written, percent, percent.replace(/%(7E|21|27|28|29)/g, (code) => decodeURIComponent(code))];
}

function lineEndings(signed: string, got: string): string {
  return `Line ends were signed as ${signed} and have become ${got}. Copy the captured body as a binary file.`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
