/** Selection of rows of a list, for actions on several of them. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Column } from "../components/table.tsx";

export interface Selection<Row> {
  /** The selected rows that the list shows: rows that a filter hides are not acted on. */
  readonly selected: readonly Row[];
  readonly isEmpty: boolean;
  /** Column with a check box for each row. */
  readonly column: Column<Row>;
  readonly selectAll: () => void;
  readonly clear: () => void;
}

/**
 * @param rows Rows that are loaded. @param nameOf Accessible name of a row.
 * @param most Rows that can be selected together.
 */
export function useSelection<Row extends { readonly id: string }>(
  rows: readonly Row[],
  nameOf: (row: Row) => string,
  most = Number.POSITIVE_INFINITY,
): Selection<Row> {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const isFull = chosen.size >= most;
  const column: Column<Row> = {
    key: "select",
    label: t("bulk.select"),
    end: true,
    tight: true,
    cell: (row) => (
      <input
        type="checkbox"
        data-above
        aria-label={t("bulk.selectOne", { name: nameOf(row) })}
        checked={chosen.has(row.id)}
        disabled={isFull && !chosen.has(row.id)}
        onChange={({ target }) => {
          const next = new Set(chosen);
          if (target.checked) next.add(row.id);
          else next.delete(row.id);
          setChosen(next);
        }}
      />
    ),
  };
  return {
    selected: rows.filter(({ id }) => chosen.has(id)),
    isEmpty: chosen.size === 0,
    column,
    selectAll: () => setChosen(new Set(rows.slice(0, most).map(({ id }) => id))),
    clear: () => setChosen(new Set()),
  };
}
