/** Shapes as TypeScript: one exported type for each event type, and a map of all of them by name. */
import { isRequired, kindsOf } from "./json-schema.ts";
import { type Shape, sortedFields } from "./inferred-schema.ts";

export interface TypedEvent {
  readonly eventType: string;
  readonly shape: Shape;
}

/** Names that would hide what the types themselves need, and words that cannot name a type. */
const TAKEN = new Set(["Events", "Record", "Array", "String", "Number", "Boolean", "Object", "Symbol", "BigInt"]);

/** The text of a module. The same events give the same text, in whatever order they come. */
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

function exportedType(eventType: string, name: string, shape: Shape): string {
  const { count, first, last } = shape.seen;
  const comment = `/** \`${commentText(eventType)}\`: ${count} samples from ${day(first)} to ${day(last)}. */\n`;
  const type = typeOf(shape, "");
  return `${comment}export ${isPlainObject(shape) ? `interface ${name} ${type}` : `type ${name} = ${type};`}\n`;
}

function isPlainObject(shape: Shape): boolean {
  return shape.kinds.size === 1 && shape.kinds.has("object") && shape.fields.size > 0;
}

function typeOf(shape: Shape, indent: string): string {
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

function objectType(shape: Shape, indent: string): string {
  if (shape.cut) return "Record<string, unknown>";
  const inner = `${indent}  `;
  const fields = sortedFields(shape.fields).map(([name, field]) => {
    const optional = isRequired(field, shape) ? "" : "?";
    return `${inner}${propertyName(name)}${optional}: ${typeOf(field, inner)};\n`;
  });
  if (shape.entries === null)
    return fields.length === 0 ? "Record<string, unknown>" : `{\n${fields.join("")}${indent}}`;
  const entries = `Record<string, ${fields.length === 0 ? typeOf(shape.entries, indent) : "unknown"}>`;
  // Beside named fields an index signature must hold for those too.
  return fields.length === 0 ? entries : `{\n${fields.join("")}${inner}[name: string]: unknown;\n${indent}}`;
}

/** A name for each event type: `pull_request.opened` is `PullRequestOpened`. */
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

/** Text from outside must not end the comment it stands in. */
function commentText(text: string): string {
  return text.replaceAll("*/", "*\\/").replace(/[\p{Cc}\u2028\u2029]/gu, " ");
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
