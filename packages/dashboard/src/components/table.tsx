/** A list in rows: loads as the reader comes to its end, and puts no more rows on the page than are seen. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { List } from "../api/list.ts";
import { Button } from "./button.tsx";
import { Empty, Failed, Loading } from "./state.tsx";
import styles from "./table.module.css";

export interface Column<Row> {
  readonly key: string;
  readonly label: string;
  readonly cell: (row: Row) => ReactNode;
}

export interface TableProps<Row> {
  readonly label: string;
  readonly list: List<Row>;
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  readonly empty: ReactNode;
}

const ROW_HEIGHT = 47;
/** Rows before the end at which the next page is asked for. */
const AHEAD = 10;

export function Table<Row>({ label, list, columns, rowKey, empty }: TableProps<Row>) {
  const { t } = useTranslation();
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: list.rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => rowKey(list.rows[index]!),
    overscan: 8,
  });
  const seen = rows.getVirtualItems();
  const last = seen.at(-1)?.index ?? 0;
  const { hasMore, isLoadingMore, loadMore } = list;
  useEffect(() => {
    if (hasMore && !isLoadingMore && last >= list.rows.length - AHEAD) loadMore();
  }, [hasMore, isLoadingMore, last, list.rows.length, loadMore]);

  if (list.error !== null) return <Failed error={list.error} retry={list.reload} />;
  if (list.isLoading) return <Loading />;
  if (list.rows.length === 0) return <Empty>{empty}</Empty>;
  const before = seen[0]?.start ?? 0;
  const after = rows.getTotalSize() - (seen.at(-1)?.end ?? 0);
  return (
    <div className={styles["frame"]}>
      {/* A region that scrolls must be within reach of the keyboard. */}
      <div ref={scroll} className={styles["scroll"]} tabIndex={0} role="region" aria-label={label}>
        <table className={styles["table"]} aria-rowcount={list.hasMore ? -1 : list.rows.length + 1}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.key} scope="col">
                  {column.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Spacer height={before} span={columns.length} />
            {seen.map(({ index, key }) => (
              <tr key={String(key)} data-index={index} ref={rows.measureElement}>
                {columns.map((column) => (
                  <td key={column.key} data-label={column.label}>
                    {column.cell(list.rows[index]!)}
                  </td>
                ))}
              </tr>
            ))}
            <Spacer height={after} span={columns.length} />
          </tbody>
        </table>
      </div>
      {list.hasMore && (
        <div className={styles["foot"]}>
          <Button kind="quiet" onClick={list.loadMore} disabled={list.isLoadingMore}>
            {t(list.isLoadingMore ? "list.loading" : "list.more")}
          </Button>
        </div>
      )}
    </div>
  );
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
