/** Definition of a table source: chosen when it is added, and stored as the comment of its function. */
import { StoreError } from "../../errors.ts";

export const CHANGES = ["insert", "update", "delete"] as const;
export type Change = (typeof CHANGES)[number];

/** Name of each change in event types. */
export const EVENT_OF: Readonly<Record<Change, string>> = { insert: "created", update: "updated", delete: "deleted" };

export interface TableSource {
  /** Used in the names of its function and triggers. */
  readonly name: string;
  readonly changes: readonly Change[];
  /** Columns in the payload. An update that changes none of them is not an event. `null`: all columns. */
  readonly columns: readonly string[] | null;
  /** SQL condition on `new` and `old`; `null`: every change is published. */
  readonly when: string | null;
  /** Event type. `{event}` in it is replaced by created, updated or deleted. */
  readonly type: string;
  /** JSON template with `{{SQL}}` instead of values; `null`: {@link DEFAULT_PAYLOAD}. */
  readonly payload: string | null;
  /** Application of the events, or the column that has its uid or ID. */
  readonly app: { readonly constant: string } | { readonly column: string };
  /** The organisation, required if several have an application with that uid; `null`: only one has. */
  readonly org: string | null;
  /** Whether a change fails if its event cannot be published. */
  readonly strict: boolean;
}

export const DEFAULT_PAYLOAD = '{"table": {{table}}, "change": {{change}}, "new": {{new}}, "old": {{old}}}';

const NAME = /^[a-z][a-z0-9_]{0,39}$/;
const TYPE = /^[a-zA-Z0-9_.-]{1,256}$/;

/** Throws `config_invalid` for a definition that is invalid for any table. */
export function checkDefinition({ name, changes, type, payload }: TableSource): void {
  if (changes.length === 0) throw wrong("--on", "it names no change");
  if (!NAME.test(name)) {
    throw wrong("--name", `"${name}" must have up to 40 characters from a-z, 0-9 and _, and begin with a letter`);
  }
  if (!TYPE.test(typeOf(type, "insert"))) {
    throw wrong("--type", `"${type}" must have up to 256 letters, digits, "_", "." and "-", and may contain {event}`);
  }
  if (payload !== null) checkTemplate(payload);
}

export function typeOf(type: string, change: Change): string {
  return type.replaceAll("{event}", EVENT_OF[change]);
}

const PLACE = /\{\{(.+?)\}\}/gs;

/** Splits a template into alternating texts and expressions. The first and the last part are texts. */
export function templateParts(template: string): readonly string[] {
  return template.split(PLACE);
}

/** Checks that each placeholder stands for a whole value. Within a text or as a key, it could break the JSON. */
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
