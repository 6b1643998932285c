/** Readers of the payload formats that providers use, for `body:` selectors and some schemes. */

/** Parses JSON. Returns `undefined` instead of throwing, because an unparsable body is an expected input. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Decoded fields of a form, in order, including repeated names. */
export function formFields(text: string): [name: string, value: string][] {
  return [...new URLSearchParams(text)];
}

/** First value of a form field. */
export function formField(text: string, name: string): string | undefined {
  return new URLSearchParams(text).get(name) ?? undefined;
}

/** Reads one form field as JSON. */
export function jsonField(name: string): (text: string) => unknown {
  return (text) => parseJson(formField(text, name) ?? "");
}

/** A form as a plain object. The last value of a repeated name wins. */
export function formObject(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(text));
}

/** Reads JSON, or all fields of a form. */
export function jsonOrForm(text: string, contentType: string): unknown {
  return isForm(contentType) ? formObject(text) : parseJson(text);
}

/** Reads JSON, or a form with the JSON in one of its fields. */
export function jsonOrFormField(name: string): (text: string, contentType: string) => unknown {
  return (text, contentType) => {
    if (!isForm(contentType)) return parseJson(text);
    const fields = formObject(text);
    const field = fields[name];
    return field === undefined ? fields : parseJson(field);
  };
}

/** Reads one part of a `multipart/form-data` body as JSON. */
export function multipartJson(name: string): (text: string, contentType: string) => unknown {
  return (text, contentType) => parseJson(multipartField(text, contentType, name) ?? formField(text, name) ?? "");
}

/** Parts of a body that are searched. */
const MAX_PARTS = 1000;

/** Text of one part of a `multipart/form-data` body. */
export function multipartField(text: string, contentType: string, name: string): string | undefined {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  if (boundary === null) return undefined;
  const parts = `\r\n${text}`.split(`\r\n--${boundary[1] ?? boundary[2]}`, MAX_PARTS);
  for (const part of parts.slice(1)) {
    const end = part.indexOf("\r\n\r\n");
    const disposition = /^content-disposition:.*?[;\s]name="?([^";\r\n]*)/im.exec(part.slice(0, end));
    if (end >= 0 && disposition?.[1] === name) return part.slice(end + 4);
  }
  return undefined;
}

function isForm(contentType: string): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(contentType);
}
