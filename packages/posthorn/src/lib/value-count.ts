/** Counts the values in a text before it is parsed, because parsing millions of values would block the event loop for seconds. */

const QUOTE = 0x22;
const AMPERSAND = 0x26;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
/** The only bit in which `[` and `{` differ. */
const BRACE = 0x20;
const OPEN = 0x7b;

/** Whether well-formed JSON has more than `limit` values. Stops at the limit. Names do not count; empty objects and lists count twice. */
export function hasMoreValuesThan(json: string, limit: number): boolean {
  // A value and its separator take at least two characters.
  if (json.length <= limit * 2) return false;
  let values = 1;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at);
    else if ((code === COMMA || (code | BRACE) === OPEN) && ++values > limit) return true;
  }
  return false;
}

/** Position of the closing quote of the string that begins at `start`. Searches for quotes, since strings can have millions of characters. */
function endOfString(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at !== -1; at = json.indexOf('"', at + 1)) {
    let slashes = 0;
    while (json.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return json.length;
}

/** Whether a form (`application/x-www-form-urlencoded`) has more than `limit` fields. */
export function hasMoreFieldsThan(form: string, limit: number): boolean {
  let fields = 1;
  for (let at = 0; at < form.length; at++) if (form.charCodeAt(at) === AMPERSAND && ++fields > limit) return true;
  return false;
}
