/** Virtualised table that loads further pages on scroll. */
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { ChevronDown, ChevronsUpDown, ChevronUp } from "lucide-react";
import { type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { List } from "../api/list.ts";
import { Button } from "./button.tsx";
import { type ColumnSort, SortSelect } from "./sort-select.tsx";
import { Empty, Failed, Loading } from "./state.tsx";
import styles from "./table.module.css";
import { Time } from "./time.tsx";

export interface Column<Row> {
  readonly key: string;
  readonly label: string;
  readonly cell: (row: Row) => ReactNode;
  /** Aligns the column at its end, for numbers. */
  readonly end?: boolean;
  /** Makes the column as narrow as its content. */
  readonly tight?: boolean;
  /** Hides the column in narrow windows. */
  readonly wideOnly?: boolean;
  /** Lets the reader sort the list by this column. */
  readonly sort?: ColumnSort;
}

export interface TableProps<Row> {
  readonly label: string;
  readonly list: List<Row>;
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  readonly empty: ReactNode;
  /** Action shown with the empty state. */
  readonly emptyAction?: ReactNode;
  /** Makes the whole row a target of the link in its first column. */
  readonly linked?: boolean;
}

/** Estimated height of a row in pixels, before the first is measured. */
const ROW_HEIGHT = 43;
/** Up to this number of rows, all are rendered and the browser chooses the column widths. */
const STEADY_ROWS = 25;
/** Number of rows before the end at which the next page is loaded. */
const AHEAD = 10;
const PHONE = "(max-width: 46rem)";
/** Average width in pixels that a column needs. */
const COLUMN_WIDTH = 112;
/** Number of rows whose words are checked for breaks, and maximum length of a word that must not break. */
const CHECKED_ROWS = 10;
const WORD_LENGTH = 24;
/** Text without any position at which a browser breaks lines. */
const LONG_WORD = new RegExp(String.raw`[^\s\-/]{${WORD_LENGTH + 1}}`);

export function Table<Row>(props: TableProps<Row>) {
  const { list, empty, emptyAction } = props;
  if (list.error !== null && list.rows.length === 0) return <Failed error={list.error} retry={list.reload} />;
  if (list.isLoading) return <Loading />;
  if (list.rows.length === 0 && !list.hasMore) return <Empty action={emptyAction}>{empty}</Empty>;
  return <Rows {...props} />;
}

function Rows<Row>({ label, list, columns, rowKey, linked = false }: TableProps<Row>) {
  const { t } = useTranslation();
  const frame = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => setOffset(frame.current?.offsetTop ?? 0), []);
  useCards(frame, columns.length);
  const typical = useRef(ROW_HEIGHT);
  const rows = useWindowVirtualizer<HTMLTableRowElement>({
    count: list.rows.length,
    estimateSize: () => typical.current,
    measureElement: heightOf,
    getItemKey: (index) => rowKey(list.rows[index]!),
    scrollMargin: offset,
    overscan: 12,
  });
  // Rows of one list have similar heights: using the height of the first row as the estimate avoids layout shifts.
  useLayoutEffect(() => {
    const first = frame.current?.querySelector("tr[data-index]");
    if (!first) return;
    typical.current = heightOf(first);
    rows.measure();
  }, [rows]);
  useSteadyWidths(frame, list.rows.length > STEADY_ROWS);
  const seen = rows.getVirtualItems();
  const last = seen.at(-1)?.index ?? 0;
  const { hasMore, isLoadingMore, loadMore, search } = list;
  const isPaused = search?.isPaused ?? false;
  useEffect(() => {
    if (hasMore && !isLoadingMore && !isPaused && last >= list.rows.length - AHEAD) loadMore();
  }, [hasMore, isLoadingMore, isPaused, last, list.rows.length, loadMore]);
  const before = (seen[0]?.start ?? offset) - offset;
  const after = rows.getTotalSize() - ((seen.at(-1)?.end ?? offset) - offset);
  return (
    <div ref={frame} className={styles["frame"]}>
      <SortSelect columns={columns} />
      <table className={styles["table"]} aria-label={label} aria-rowcount={hasMore ? -1 : list.rows.length + 1}>
        <colgroup>
          {columns.map(({ key }) => (
            <col key={key} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                className={cellClass(column)}
                {...(column.sort === undefined ? {} : { "aria-sort": column.sort.order ?? "none" })}
              >
                <Heading column={column} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Spacer height={before} span={columns.length} />
          {seen.map(({ index, key }) => (
            <tr
              key={String(key)}
              className={styles["row"]}
              data-index={index}
              data-link={linked}
              ref={rows.measureElement}
            >
              {columns.map((column) => (
                <td key={column.key} data-label={column.label} className={cellClass(column)}>
                  {column.cell(list.rows[index]!)}
                </td>
              ))}
            </tr>
          ))}
          <Spacer height={after} span={columns.length} />
        </tbody>
      </table>
      {hasMore && (
        <div className={styles["foot"]} role="status">
          {search !== null && search.backTo !== null && (
            <span className="muted">
              {t("list.searchedTo")} <Time at={new Date(search.backTo).toISOString()} />
            </span>
          )}
          <Button kind="quiet" small onClick={loadMore} disabled={isLoadingMore}>
            {t(isLoadingMore ? "list.loading" : isPaused ? "list.further" : "list.more")}
          </Button>
        </div>
      )}
    </div>
  );
}

function Heading<Row>({ column: { label, sort } }: { readonly column: Column<Row> }) {
  const { t } = useTranslation();
  if (sort !== undefined) return <SortButton label={label} sort={sort} />;
  return label === "" ? <span className="visually-hidden">{t("list.actions")}</span> : label;
}

/** Header of a sortable column. Sorts the list by this column, or reverses the order. */
function SortButton({ label, sort: { order, onChange } }: { readonly label: string; readonly sort: ColumnSort }) {
  const Icon = order === null ? ChevronsUpDown : order === "ascending" ? ChevronUp : ChevronDown;
  return (
    <button
      type="button"
      className={styles["sort"]}
      data-active={order !== null}
      onClick={() => onChange(order === "ascending" ? "descending" : "ascending")}
    >
      {label}
      <Icon aria-hidden />
    </button>
  );
}

/** Shows each row as a card where the table is too narrow for its columns. */
function useCards(frame: RefObject<HTMLDivElement | null>, columns: number): void {
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    let room = 0;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth === room) return;
      room = element.clientWidth;
      chooseLayout(element, columns);
    });
    room = element.clientWidth;
    chooseLayout(element, columns);
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame, columns]);
  // Rows that were added or scrolled into view can contain a longer word.
  useLayoutEffect(() => {
    if (frame.current === null) return;
    if (frame.current.hasAttribute("data-break")) markLongWords(frame.current);
    if (isCut(frame.current)) chooseLayout(frame.current, columns);
  });
}

/**
 * Chooses the first layout that fits: a table that breaks lines between words, a table that also breaks words longer
 * than `WORD_LENGTH` such as IDs and URLs, or cards.
 */
function chooseLayout(frame: HTMLElement, columns: number): void {
  frame.removeAttribute("data-cards");
  frame.removeAttribute("data-break");
  if (matchMedia(PHONE).matches || frame.clientWidth < columns * COLUMN_WIDTH) {
    frame.setAttribute("data-cards", "");
  } else if (isCut(frame)) {
    frame.setAttribute("data-break", "");
    markLongWords(frame);
    frame.toggleAttribute("data-cards", isCut(frame) || breaksWords(frame));
  }
}

/** Marks the cells in which words may break: those with a word longer than `WORD_LENGTH`. All other cells keep their words whole. */
function markLongWords(frame: HTMLElement): void {
  for (const cell of frame.querySelectorAll("tr[data-index] > td"))
    cell.toggleAttribute("data-long", LONG_WORD.test(cell.textContent ?? ""));
}

function isCut(frame: HTMLElement): boolean {
  return frame.querySelector("table")!.scrollWidth > frame.clientWidth;
}

function breaksWords(frame: HTMLElement): boolean {
  const cells = [...frame.querySelectorAll("tr[data-index]")]
    .slice(0, CHECKED_ROWS)
    .flatMap((row) => [...row.children]);
  return cells.some((cell) => {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) if (hasBrokenWord(node)) return true;
    return false;
  });
}

function hasBrokenWord(text: Node): boolean {
  const words = (text.textContent ?? "").matchAll(/[^\s\-./]+/g);
  return [...words].some(({ 0: word, index }) => {
    if (word.length > WORD_LENGTH) return false;
    const range = document.createRange();
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1;
  });
}

/** Keeps the column widths of the first rows, so that virtualised rows do not move the columns while scrolling. */
function useSteadyWidths(frame: RefObject<HTMLDivElement | null>, steady: boolean): void {
  useEffect(() => {
    const element = frame.current;
    if (!steady || element === null) return;
    let room = 0;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth === room) return;
      room = element.clientWidth;
      fixWidths(element.querySelector("table")!);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame, steady]);
}

/** Fixes the column widths that the browser chose for the rendered rows. */
function fixWidths(table: HTMLTableElement): void {
  const columns = [...table.querySelectorAll("col")];
  table.removeAttribute("data-steady");
  for (const column of columns) column.style.removeProperty("width");
  const widths = [...table.querySelectorAll("thead th")].map((head) => head.getBoundingClientRect().width);
  for (const [place, column] of columns.entries()) column.style.setProperty("width", `${widths[place]!}px`);
  table.setAttribute("data-steady", "");
}

/** Height of a row, unrounded: rounding errors would add up and make the list jump. */
function heightOf(row: Element): number {
  return row.getBoundingClientRect().height;
}

function cellClass({
  end = false,
  tight = false,
  wideOnly = false,
}: Pick<Column<never>, "end" | "tight" | "wideOnly">) {
  return [end ? styles["end"] : "", tight ? styles["tight"] : "", wideOnly ? styles["wideOnly"] : ""].join(" ");
}

function Spacer({ height, span }: { readonly height: number; readonly span: number }) {
  if (height <= 0) return null;
  return (
    <tr className={styles["spacer"]} aria-hidden="true">
      <td colSpan={span} style={{ height }}>
        {" "}
      </td>
    </tr>
  );
}
