/** Reads a body of any kind into a value that a shape can be learned from. */
import { XMLParser } from "fast-xml-parser";

/** Entities and a document type are not read: a body from outside must not grow. Every value is text, as in the body. */
const xml = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  removeNSPrefix: false,
});

/** The value of a body of JSON, of a form or of XML; `undefined` for every other, and for one that is broken. */
export function readBody(contentType: string, body: Uint8Array): unknown {
  const text = new TextDecoder().decode(body);
  const type = contentType.split(";", 1)[0]!.trim().toLowerCase();
  if (type === "application/x-www-form-urlencoded") return readForm(text);
  if (type.endsWith("/xml") || type.endsWith("+xml")) return readXml(text);
  if (type.startsWith("multipart/") || type === "application/octet-stream") return undefined;
  return readJson(text);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** One value of a name is a text, several are a list. A field that holds an object of JSON is read, as providers send it in forms. */
function readForm(text: string): unknown {
  const fields = new Map<string, unknown[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const values = fields.get(name) ?? [];
    values.push(value.startsWith("{") ? (readJson(value) ?? value) : value);
    fields.set(name, values);
  }
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
}

function readXml(text: string): unknown {
  if (/<!DOCTYPE/i.test(text)) return undefined;
  try {
    const value: unknown = xml.parse(text);
    return typeof value === "object" ? value : undefined;
  } catch {
    return undefined;
  }
}
