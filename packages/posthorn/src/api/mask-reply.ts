/** Masks replies for callers that may not read payloads or secrets, by the marks in the schemas of the responses. */
import { type Actor, payloadView, type PayloadView } from "../domain/access.ts";
import { maskPayload, type PayloadRule } from "../domain/payload-mask.ts";
import { isRawNumber, parseExact } from "../lib/exact-json.ts";
import { onFirstUse } from "../lib/first-use.ts";
import { PAYLOAD_MARK, SECRET_MARK } from "./models/common.ts";
import { type Reply, reply } from "./reply.ts";
import type { Route } from "./route.ts";

/** Header of masked replies: `masked` or `none`. */
export const PAYLOADS_HEADER = "posthorn-payloads";

/** The keywords of a JSON Schema that the mask follows. */
interface Schema {
  readonly $id?: string;
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly items?: Schema | readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly [PAYLOAD_MARK]?: PayloadRule;
  readonly [SECRET_MARK]?: boolean;
}

/** Models by their `$id`. Loaded when the first reply is masked. */
const models = onFirstUse(async (): Promise<ReadonlyMap<string, Schema>> => {
  const { MODELS } = await import("./models/index.ts");
  return new Map(MODELS.map((model) => [(model as Schema).$id!, model as Schema]));
});

/** What a caller may see of replies. */
export interface View {
  readonly payloads: PayloadView;
  readonly secrets: boolean;
}

/** What the actor may see; `null`: everything. */
export function viewOf(actor: Actor): View | null {
  if (actor.kind === "application") return null;
  const view = { payloads: payloadView(actor), secrets: actor.grant.permissions.has("secrets:read") };
  return view.payloads === "full" && view.secrets ? null : view;
}

/** The reply as a caller with this view may see it. */
export async function maskReply(route: Pick<Route, "responses">, given: Reply, view: View): Promise<Reply> {
  const schema = route.responses[given.status];
  if (given.json === null || schema === null || schema === undefined) return given;
  // Structures show the kind of a number, for which its digits do not matter.
  const value = view.payloads === "full" ? parseExact(given.json) : (JSON.parse(given.json) as unknown);
  const masked = new Mask(await models(), view).apply(schema, value);
  return reply(given.status, masked as object);
}

class Mask {
  readonly #models: ReadonlyMap<string, Schema>;
  readonly #view: View;

  constructor(all: ReadonlyMap<string, Schema>, view: View) {
    this.#models = all;
    this.#view = view;
  }

  apply(schema: Schema, value: unknown): unknown {
    const { payloads, secrets } = this.#view;
    const rule = schema[PAYLOAD_MARK];
    if (rule !== undefined && payloads !== "full") return maskPayload(rule, value, payloads);
    if (schema[SECRET_MARK] === true && !secrets) return maskPayload("url", value, "none");
    if (schema.$ref !== undefined) return this.apply(this.#models.get(schema.$ref.replace("#", ""))!, value);
    if (value === null || typeof value !== "object" || isRawNumber(value)) return value;
    const parts = schema.anyOf ?? schema.allOf;
    if (parts !== undefined) return this.apply(this.#merged(parts), value);
    if (Array.isArray(value)) {
      const { items } = schema;
      return items === undefined || Array.isArray(items)
        ? value
        : value.map((item) => this.apply(items as Schema, item));
    }
    return this.#members(schema, value as Readonly<Record<string, unknown>>);
  }

  /** One schema for the objects and lists among several. The others describe scalar values, which have no marks. */
  #merged(parts: readonly Schema[]): Schema {
    const found = parts
      .map((part) => (part.$ref === undefined ? part : this.#models.get(part.$ref.replace("#", ""))!))
      .flatMap((part) => [part, ...(part.anyOf ?? part.allOf ?? [])]);
    const items = found.find((part) => part.items !== undefined)?.items;
    const properties = Object.assign({}, ...found.map((part) => part.properties)) as Record<string, Schema>;
    const isOpen = found.some((part) => part.additionalProperties === true);
    return { properties, ...(items === undefined ? {} : { items }), ...(isOpen ? { additionalProperties: true } : {}) };
  }

  /** Members that the schema does not describe could contain anything, so they are left out unless it allows them. */
  #members({ properties, patternProperties, additionalProperties }: Schema, value: Readonly<Record<string, unknown>>) {
    const others = patternProperties === undefined ? undefined : Object.values(patternProperties)[0];
    if (properties === undefined || Object.keys(properties).length === 0) {
      if (others === undefined) return value;
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, this.apply(others, member)]));
    }
    const shown = Object.entries(value).flatMap(([name, member]): readonly [string, unknown][] => {
      const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (known !== undefined) return [[name, this.apply(known, member)]];
      return additionalProperties === true ? [[name, member]] : [];
    });
    return Object.fromEntries(shown);
  }
}
