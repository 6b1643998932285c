/** Keyset paging of lists in both directions, from the id of the last or first row of a page. */
import { type IdPrefix, keyOfId, iteratorOfKey } from "../lib/id.ts";
import { ValidationError } from "../lib/errors.ts";

export interface PageRequest {
  readonly limit: number;
  /** Id of the last row of the previous page; with a leading minus, of the first row of the next page. */
  readonly iterator: string | null;
}

export interface Page<Row> {
  /** In list order, in both paging directions. */
  readonly rows: readonly Row[];
  /** Whether there are no more rows in the paging direction. */
  readonly done: boolean;
  /** Iterator of the next page, if the scan reached its limit before the page was full; with a leading minus when paging backwards. */
  readonly next?: string;
}

/** Range of rows to read: at most `limit` rows after `from`, in this order. */
export interface Slice<Key> {
  readonly from: Key | null;
  readonly order: "asc" | "desc";
  readonly limit: number;
}

export interface ListOrder<Key> {
  readonly order: "asc" | "desc";
  /** Parses an iterator without its minus; `null` if it is invalid. */
  readonly keyOf: (iterator: string) => Key | null;
  /** Return the last page instead of the first if there is no iterator. */
  readonly startAtEnd?: boolean;
}

/** Size limit of a page, for lists whose rows can be large. */
export interface PageWeight<Row> {
  readonly weigh: (row: Row) => number;
  /** Maximum weight of a page. A first row that exceeds it alone is still returned. */
  readonly max: number;
}

/** Result of a scan with a limit. */
export interface Scanned<Row> {
  readonly rows: readonly Row[];
  /** Last key scanned, if the scan stopped at its limit; `null`: it found enough rows, or there are no more. */
  readonly stoppedAt: number | null;
}

/** Reads one page. `fetch` returns the rows of a slice in the order of the slice. */
export async function readPage<Row, Key>(
  request: PageRequest,
  list: ListOrder<Key>,
  fetch: (slice: Slice<Key>) => Promise<readonly Row[]>,
  weight?: PageWeight<Row>,
): Promise<Page<Row>> {
  const { backwards, slice } = sliceOf(request, list);
  return pageOf(await fetch(slice), request.limit, backwards, weight);
}

/** Reads one page of a list by id, newest first, with a limited scan. A page can be short or empty and not be the last. */
export async function readScannedPage<Row>(
  request: PageRequest,
  { prefix, startAtEnd }: { readonly prefix: IdPrefix; readonly startAtEnd: boolean },
  fetch: (slice: Slice<number>) => Promise<Scanned<Row>>,
  weight?: PageWeight<Row>,
): Promise<Page<Row>> {
  return readScanned(request, { order: "desc", keyOf: idIterator(prefix), startAtEnd, prefix }, fetch, weight);
}

/** Like {@link readScannedPage}, in any order. Iterators are ids. */
export async function readScanned<Row>(
  request: PageRequest,
  list: ListOrder<number> & { readonly prefix: IdPrefix },
  fetch: (slice: Slice<number>) => Promise<Scanned<Row>>,
  weight?: PageWeight<Row>,
): Promise<Page<Row>> {
  const { backwards, slice } = sliceOf(request, list);
  const { rows, stoppedAt } = await fetch(slice);
  const page = pageOf(rows, request.limit, backwards, weight);
  // If the page is not done, the scan found more rows than fit, and the next page begins with them.
  if (stoppedAt === null || !page.done) return page;
  return { ...page, done: false, next: `${backwards ? "-" : ""}${iteratorOfKey(list.prefix, stoppedAt)}` };
}

function sliceOf<Key>(
  { limit, iterator }: PageRequest,
  list: ListOrder<Key>,
): { readonly backwards: boolean; readonly slice: Slice<Key> } {
  const backwards = iterator === null ? (list.startAtEnd ?? false) : iterator.startsWith("-");
  const from = iterator === null ? null : keyOrThrow(iterator, list);
  const order = backwards === (list.order === "asc") ? "desc" : "asc";
  return { backwards, slice: { from, order, limit: limit + 1 } };
}

function pageOf<Row>(
  found: readonly Row[],
  limit: number,
  backwards: boolean,
  weight: PageWeight<Row> | undefined,
): Page<Row> {
  const rows = found.slice(0, weight === undefined ? limit : rowsWithin(found.slice(0, limit), weight));
  return { rows: backwards ? rows.toReversed() : rows, done: rows.length === found.length };
}

function rowsWithin<Row>(rows: readonly Row[], { weigh, max }: PageWeight<Row>): number {
  let total = 0;
  const tooMany = rows.findIndex((row, index) => {
    total += weigh(row);
    return total > max && index > 0;
  });
  return tooMany === -1 ? rows.length : tooMany;
}

/** Parser for iterators of lists sorted by id. */
export function idIterator(prefix: IdPrefix): (iterator: string) => number | null {
  return (iterator) => keyOfId(prefix, iterator);
}

/** The SQL operator that selects the rows after a key in this order. */
export function comparison(order: "asc" | "desc"): "<" | ">" {
  return order === "asc" ? ">" : "<";
}

function keyOrThrow<Key>(iterator: string, list: ListOrder<Key>): Key {
  const key = list.keyOf(iterator.replace(/^-/, ""));
  if (key !== null) return key;
  throw new ValidationError([
    {
      loc: ["query", "iterator"],
      msg: "Not an iterator of this list: pass one from an earlier page.",
      type: "value_error",
    },
  ]);
}
