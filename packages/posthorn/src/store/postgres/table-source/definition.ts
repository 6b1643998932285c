/** Definition of a table source: chosen when it is added, and stored as the comment of its function. */
import { StoreError } from "../../errors.ts";

export const CHANGES = ["insert", "update", "delete"] as const;
export type Change = (typeof CHANGES)[number];

/** How each change is called in a type of event. */
export const EVENT_OF: Readonly<Record<Change, string>> = { insert: "created", update: "updated", delete: "deleted" };

export interface TableSource {
  /** Names its function and its triggers. */
  readonly name: string;
  readonly changes: readonly Change[];
  /** Columns that are told, and whose change makes an update an event; `null`: all. */
  readonly columns: readonly string[] | null;
  /** SQL over `new` and `old`; `null`: every change is told. */
  readonly when: string | null;
  /** Type of event; `{event}` in it becomes created, updated or deleted. */
  readonly type: string;
  /** JSON with `{{SQL}}` in place of values; `null`: {@link DEFAULT_PAYLOAD}. */
  readonly payload: string | null;
  /** Whose the events are: an application, or the column that has its uid or id. */
  readonly app: { readonly constant: string } | { readonly column: string };
  /** The organisation, where several have an application with that uid; `null`: one has. */
  readonly org: string | null;
  /** A change whose event cannot be published fails. */
  readonly strict: boolean;
}

export const DEFAULT_PAYLOAD = '{"table": {{table}}, "change": {{change}}, "new": {{new}}, "old": {{old}}}';

const NAME = /^[a-z][a-z0-9_]{0,39}$/;
const TYPE = /^[a-zA-Z0-9_.-]{1,256}$/;

/** Throws `config_invalid` for what would never work, whatever the table. */
export function checkDefinition({ name, changes, type, payload }: TableSource): void {
  if (changes.length === 0) throw wrong("--on", "it names no change");
  if (!NAME.test(name)) {
    throw wrong("--name", `"${name}" is not up to 40 of a-z, 0-9 and _, beginning with a letter`);
  }
  if (!TYPE.test(typeOf(type, "insert"))) {
    throw wrong("--type", `"${type}" is not up to 256 letters, digits, "_", "." and "-", with {event} at will`);
  }
  if (payload !== null) checkTemplate(payload);
}

export function typeOf(type: string, change: Change): string {
  return type.replaceAll("{event}", EVENT_OF[change]);
}

const PLACE = /\{\{(.+?)\}\}/gs;

/** A template as texts and expressions in turn; the first and the last are texts. */
export function templateParts(template: string): readonly string[] {
  return template.split(PLACE);
}

/** A place holds a whole value: within a text, or as a key, it would break the JSON. */
function checkTemplate(template: string): void {
  for (const value of ["1", '"a"']) {
    try {
      JSON.parse(template.replaceAll(PLACE, value));
    } catch (cause) {
      throw wrong(
        "--payload",
        `it is not JSON with {{…}} in place of whole values (${(cause as Error).message})`,
        cause,
      );
    }
  }
}

function wrong(flag: string, reason: string, cause?: unknown): StoreError {
  return new StoreError("config_invalid", `${flag} is wrong: ${reason}.`, { cause });
}
