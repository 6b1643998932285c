/** Order of a list whose rows are cards: the column headers, with which it is sorted otherwise, are hidden. */
import { useId } from "react";
import { useTranslation } from "react-i18next";
import formStyles from "./form.module.css";
import styles from "./table.module.css";

export interface ColumnSort {
  /** `null`: the list is sorted by something else. */
  readonly order: "ascending" | "descending" | null;
  readonly onChange: (order: "ascending" | "descending") => void;
  /** Whether the filters above the list offer this order as well. */
  readonly inFilters?: boolean;
}

interface SortableColumn {
  readonly key: string;
  readonly label: string;
  readonly sort?: ColumnSort;
}

const ORDERS = ["ascending", "descending"] as const;

export function SortSelect({ columns }: { readonly columns: readonly SortableColumn[] }) {
  const { t } = useTranslation();
  const id = useId();
  const sorts = columns.flatMap(({ key, label, sort }) =>
    sort === undefined || sort.inFilters === true
      ? []
      : ORDERS.map((order) => ({ value: `${key} ${order}`, column: label, order, sort })),
  );
  if (sorts.length === 0) return null;
  const current = sorts.find(({ order, sort }) => sort.order === order);
  const choose = (value: string): void => {
    const chosen = sorts.find((one) => one.value === value);
    chosen?.sort.onChange(chosen.order);
  };
  return (
    <div className={styles["sortBy"]}>
      <label htmlFor={id}>{t("list.sortBy")}</label>
      <select
        id={id}
        className={formStyles["input"]}
        value={current?.value ?? ""}
        onChange={(event) => choose(event.target.value)}
      >
        {current === undefined && <option value="">–</option>}
        {sorts.map(({ value, column, order }) => (
          <option key={value} value={value}>
            {t(`list.orders.${order}`, { column })}
          </option>
        ))}
      </select>
    </div>
  );
}
