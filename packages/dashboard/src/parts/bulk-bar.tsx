/** Bar with actions on the selected rows of a list, and the dialog that runs one of them on each row. */
import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Needs } from "../components/allowed.tsx";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import dialogStyles from "../components/dialog.module.css";
import { ErrorText } from "../components/error-text.tsx";
import { runBulk } from "../lib/bulk.ts";
import { formatNumber } from "../lib/format.ts";
import styles from "./bulk-actions.module.css";
import type { Selection } from "./use-selection.tsx";

interface BulkBarProps<Row> {
  /** What is selected, such as "Selected endpoints". */
  readonly label: string;
  readonly selection: Selection<Row>;
  /** Number of rows that are loaded. */
  readonly loaded: number;
  readonly children: ReactNode;
}

export function BulkBar<Row>({ label, selection, loaded, children }: BulkBarProps<Row>) {
  const { t, i18n } = useTranslation();
  const { length: count } = selection.selected;
  if (selection.isEmpty) return null;
  return (
    <div className={styles["bar"]} role="group" aria-label={label}>
      <span role="status">{t("bulk.selected", { count, value: formatNumber(i18n.language, count) })}</span>
      {children}
      {count < loaded && (
        <Button kind="quiet" small onClick={selection.selectAll}>
          {t("bulk.selectAll", { value: formatNumber(i18n.language, loaded) })}
        </Button>
      )}
      <Button kind="quiet" small onClick={selection.clear}>
        {t("bulk.clear")}
      </Button>
    </div>
  );
}

export interface BulkActionProps<Row> extends Needs {
  /** Label of the button. */
  readonly label: string;
  /** Question of the dialog, with the number of rows. */
  readonly title: (count: number) => string;
  /** What happens to the rows. */
  readonly text: string;
  readonly danger?: boolean;
  readonly selected: readonly Row[];
  readonly run: (row: Row) => Promise<unknown>;
  /** How a row is named among the failures. */
  readonly nameOf: (row: Row) => ReactNode;
  /** Keys of the queries that are read again. */
  readonly lists: readonly QueryKey[];
}

/** Button that runs an action on each selected row, after a confirmation. Shows the progress, and each row for which it failed. */
export function BulkAction<Row extends { readonly id: string }>(props: BulkActionProps<Row>) {
  const { label, title, text, danger = false, selected, run, nameOf, lists, ...needs } = props;
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  // As they were when the dialog was opened: the list is loaded again while it shows the result.
  const [items, setItems] = useState(selected);
  const [done, setDone] = useState<number | null>(null);
  const [failures, setFailures] = useState<readonly (readonly [Row, Error])[] | null>(null);
  const change = (next: boolean): void => {
    setOpen(next);
    if (!next) return;
    setItems(selected);
    setDone(null);
    setFailures(null);
  };
  const start = async (): Promise<void> => {
    setDone(0);
    setFailures(await runBulk(items, run, setDone));
    await Promise.all(lists.map((queryKey) => queries.invalidateQueries({ queryKey })));
  };
  const { length: count } = open ? items : selected;
  return (
    <Dialog
      {...needs}
      trigger={
        <Button small kind={danger ? "danger" : "plain"}>
          {label}
        </Button>
      }
      title={title(count)}
      open={open}
      onOpenChange={change}
    >
      {failures === null ? (
        <p className={dialogStyles["text"]}>{text}</p>
      ) : (
        <p className={dialogStyles["text"]} role="status">
          {t("bulk.done", { succeeded: count - failures.length, failed: failures.length })}
        </p>
      )}
      {failures !== null && failures.length > 0 && (
        <ul className={styles["failures"]}>
          {failures.map(([row, error]) => (
            <li key={row.id}>
              {nameOf(row)}{" "}
              <span className="muted">
                <ErrorText error={error} />
              </span>
            </li>
          ))}
        </ul>
      )}
      <div className={dialogStyles["foot"]}>
        <Button onClick={() => change(false)}>{t(failures === null ? "actions.cancel" : "bulk.close")}</Button>
        {failures === null && (
          <Button kind={danger ? "danger" : "primary"} disabled={done !== null} onClick={() => void start()}>
            {done === null ? label : t("bulk.progress", { done, count })}
          </Button>
        )}
      </div>
    </Dialog>
  );
}
