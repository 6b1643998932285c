/** Converts inferred schemas to TypeScript: one exported type per event type, and a map of all of them. */
import { isRequired, kindsOf } from "./json-schema.ts";
import { type InferredSchema, sortedFields } from "./inferred-schema.ts";

export interface TypedEvent {
  readonly eventType: string;
  readonly shape: InferredSchema;
}

/** Names that would shadow built-in types, and reserved words. */
const TAKEN = new Set(["Events", "Record", "Array", "String", "Number", "Boolean", "Object", "Symbol", "BigInt"]);

/** Source of a module. The result does not depend on the order of the events. */
export function toTypeScript(source: string, events: readonly TypedEvent[]): string {
  const sorted = events.toSorted((one, other) => (one.eventType < other.eventType ? -1 : 1));
  const names = typeNames(sorted.map(({ eventType }) => eventType));
  const types = sorted.map(({ eventType, shape }) => exportedType(eventType, names.get(eventType)!, shape));
  const map = sorted.map(({ eventType }) => `  ${propertyName(eventType)}: ${names.get(eventType)!};\n`);
  return [
    `/** Events of ${commentText(source)}, as they came in. Made by Posthorn. */\n`,
    ...types,
    `/** Every event by its type. */\nexport interface Events {\n${map.join("")}}\n`,
  ].join("\n");
}

function exportedType(eventType: string, name: string, shape: InferredSchema): string {
  const { count, first, last } = shape.seen;
  const comment = `/** \`${commentText(eventType)}\`: ${count} samples from ${day(first)} to ${day(last)}. */\n`;
  const type = typeOf(shape, "");
  return `${comment}export ${isPlainObject(shape) ? `interface ${name} ${type}` : `type ${name} = ${type};`}\n`;
}

function isPlainObject(shape: InferredSchema): boolean {
  return shape.kinds.size === 1 && shape.kinds.has("object") && shape.fields.size > 0;
}

function typeOf(shape: InferredSchema, indent: string): string {
  const types = kindsOf(shape).map((kind) => {
    switch (kind) {
      case "object":
        return objectType(shape, indent);
      case "array":
        return `Array<${shape.items === null ? "unknown" : typeOf(shape.items, indent)}>`;
      case "integer":
      case "number":
        return "number";
      case "null":
      case "boolean":
      case "string":
        return kind;
    }
  });
  return types.join(" | ");
}

function objectType(shape: InferredSchema, indent: string): string {
  if (shape.cut) return "Record<string, unknown>";
  const inner = `${indent}  `;
  const fields = sortedFields(shape.fields).map(([name, field]) => {
    const optional = isRequired(field, shape) ? "" : "?";
    return `${inner}${propertyName(name)}${optional}: ${typeOf(field, inner)};\n`;
  });
  if (shape.entries === null)
    return fields.length === 0 ? "Record<string, unknown>" : `{\n${fields.join("")}${indent}}`;
  const entries = `Record<string, ${fields.length === 0 ? typeOf(shape.entries, indent) : "unknown"}>`;
  // An index signature must also hold for the named fields.
  return fields.length === 0 ? entries : `{\n${fields.join("")}${inner}[name: string]: unknown;\n${indent}}`;
}

/** Type name for each event type: `pull_request.opened` becomes `PullRequestOpened`. */
function typeNames(eventTypes: readonly string[]): ReadonlyMap<string, string> {
  const used = new Set(TAKEN);
  const names = new Map<string, string>();
  for (const eventType of eventTypes) {
    const wanted = pascalCase(eventType);
    let name = wanted;
    for (let number = 2; used.has(name); number++) name = `${wanted}${number}`;
    used.add(name);
    names.set(eventType, name);
  }
  return names;
}

function pascalCase(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const name = words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
  return /^[A-Za-z]/.test(name) ? name : `Event${name}`;
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** Keeps external text from ending the comment that contains it. */
function commentText(text: string): string {
  return text.replaceAll("*/", "*\\/").replace(/[\p{Cc}\u2028\u2029]/gu, " ");
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
