/** Items of a JSON document. */
import { compilePath } from "../../lib/json-path.ts";

export interface ItemsJob {
  readonly body: Uint8Array;
  readonly items: string;
  readonly itemId: string;
  readonly nextCursor: string | null;
}

export interface Items {
  readonly items: readonly Item[];
  /** Cursor of the next page; `null`: none. */
  readonly next: string | null;
}

export interface Item {
  /** `null`: it has none. */
  readonly id: string | null;
  readonly json: string;
}

/** More items in a document are not read. */
const MAX_ITEMS = 2000;

export function parseItems({ body, items, itemId, nextCursor }: ItemsJob): Items {
  const document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as unknown;
  const idPath = compilePath(itemId);
  const found = compilePath(items).values(document).slice(0, MAX_ITEMS);
  return {
    items: found.map((item) => ({ id: idOf(idPath.values(item)[0]), json: JSON.stringify(item) })),
    next: nextCursor === null ? null : idOf(compilePath(nextCursor).values(document)[0]),
  };
}

function idOf(value: unknown): string | null {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}
