/**
 * Finds where a text stops being JSON.
 *
 * `JSON.parse` names the place for some mistakes only. This scanner reads a text that it refused, by the grammar of RFC 8259, and needs
 * no stack: its depth is bounded by the text alone.
 */

type Expected = "value" | "value or ]" | "key" | "key or }" | "colon" | "comma or end";

const OPEN = { "{": "key or }", "[": "value or ]" } as const;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SHORT_ESCAPES = '"\\/bfnrt';

/** The offset of the first character that cannot stand where it stands; the length of the text when it ends too early. */
export function findMistake(text: string): number {
  const open: string[] = [];
  let expected: Expected = "value";
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const first = text[at]!;
    if (expected === "comma or end") {
      const container = open.at(-1);
      if (container === undefined) return at;
      if (first === ",") expected = container === "{" ? "key" : "value";
      else if (closes(first, container)) open.pop();
      else return at;
      at++;
    } else if (expected === "colon") {
      if (first !== ":") return at;
      expected = "value";
      at++;
    } else if (first === "}" ? expected === "key or }" : first === "]" && expected === "value or ]") {
      open.pop();
      expected = "comma or end";
      at++;
    } else if (expected === "key" || expected === "key or }") {
      if (first !== '"') return at;
      const { end, sound } = readString(text, at);
      if (!sound) return end;
      expected = "colon";
      at = end;
    } else if (first === "{" || first === "[") {
      open.push(first);
      expected = OPEN[first];
      at++;
    } else {
      const { end, sound } = readScalar(text, at);
      if (!sound) return end;
      expected = "comma or end";
      at = end;
    }
    at = skipSpace(text, at);
  }
  return text.length;
}

function closes(character: string, container: string): boolean {
  return character === (container === "{" ? "}" : "]");
}

interface Read {
  /** Behind what was read, or where the mistake is. */
  readonly end: number;
  readonly sound: boolean;
}

function readScalar(text: string, start: number): Read {
  if (text[start] === '"') return readString(text, start);
  for (const literal of ["true", "false", "null"]) {
    if (literal[0] === text[start]) return readLiteral(text, start, literal);
  }
  return readNumber(text, start);
}

function readNumber(text: string, start: number): Read {
  NUMBER.lastIndex = start;
  const number = NUMBER.exec(text);
  if (number === null) return { end: text[start] === "-" ? start + 1 : start, sound: false };
  const end = start + number[0].length;
  // A fraction or an exponent that was begun and has no digits; what has one already cannot begin another.
  const part = /[eE]/.test(number[0]) ? null : number[0].includes(".") ? /^[eE][+-]?/ : /^(?:\.|[eE][+-]?)/;
  const begun = part?.exec(text.slice(end, end + 2)) ?? null;
  return begun === null ? { end, sound: true } : { end: end + begun[0].length, sound: false };
}

function readLiteral(text: string, start: number, literal: string): Read {
  for (let index = 0; index < literal.length; index++) {
    if (text[start + index] !== literal[index]) return { end: start + index, sound: false };
  }
  return { end: start + literal.length, sound: true };
}

function readString(text: string, start: number): Read {
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') return { end: at + 1, sound: true };
    if (character < " ") return { end: at, sound: false };
    if (character !== "\\") continue;
    at++;
    if (text[at] === "u") {
      const digits = /^[0-9a-fA-F]{0,4}/.exec(text.slice(at + 1, at + 5))![0].length;
      if (digits < 4) return { end: at + 1 + digits, sound: false };
      at += 4;
    } else if (!SHORT_ESCAPES.includes(text[at] ?? " ")) {
      return { end: at, sound: false };
    }
  }
  return { end: text.length, sound: false };
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && " \t\n\r".includes(text[at]!)) at++;
  return at;
}
