/** Actions on the selected endpoints of a list, with a confirmation that states their number, and the result of each. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import dialogStyles from "../components/dialog.module.css";
import { Url } from "../components/url.tsx";
import { runBulk } from "../lib/bulk.ts";
import { formatNumber } from "../lib/format.ts";
import styles from "./bulk-actions.module.css";

export interface SelectedEndpoint {
  readonly id: string;
  readonly appId: string;
  readonly url: string;
}

const VERBS = ["pause", "resume", "enable"] as const;
type Verb = (typeof VERBS)[number];

interface BulkActionsProps {
  readonly selected: readonly SelectedEndpoint[];
  readonly onClear: () => void;
}

export function BulkActions({ selected, onClear }: BulkActionsProps) {
  const { t, i18n } = useTranslation();
  return (
    <div className={styles["bar"]} role="group" aria-label={t("bulk.title")}>
      <span role="status">
        {t("bulk.selected", { count: selected.length, value: formatNumber(i18n.language, selected.length) })}
      </span>
      {VERBS.map((verb) => (
        <BulkAction key={verb} verb={verb} selected={selected} />
      ))}
      <Button kind="quiet" small onClick={onClear}>
        {t("bulk.clear")}
      </Button>
    </div>
  );
}

function BulkAction({ verb, selected }: { readonly verb: Verb; readonly selected: readonly SelectedEndpoint[] }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  // As they were when the dialog was opened: the list is loaded again while it shows the result.
  const [items, setItems] = useState(selected);
  const [done, setDone] = useState<number | null>(null);
  const [failures, setFailures] = useState<readonly (readonly [SelectedEndpoint, Error])[] | null>(null);
  const change = (next: boolean): void => {
    setOpen(next);
    if (next) {
      setItems(selected);
      setDone(null);
      setFailures(null);
    }
  };
  const run = async (): Promise<void> => {
    setDone(0);
    setFailures(await runBulk(items, (one) => CALLS[verb](one), setDone));
    await queries.invalidateQueries({ queryKey: ["endpoints"] });
  };
  const { length: count } = open ? items : selected;
  return (
    <Dialog
      needs="endpoints:write"
      needsIn="anywhere"
      trigger={<Button small>{t(`bulk.verbs.${verb}`)}</Button>}
      title={t(`bulk.confirm.${verb}`, { count })}
      open={open}
      onOpenChange={change}
    >
      {failures === null ? (
        <p className={dialogStyles["text"]}>{t(`bulk.texts.${verb}`)}</p>
      ) : (
        <p className={dialogStyles["text"]} role="status">
          {t("bulk.done", { succeeded: count - failures.length, failed: failures.length })}
        </p>
      )}
      {failures !== null && failures.length > 0 && (
        <ul className={styles["failures"]}>
          {failures.map(([endpoint, error]) => (
            <li key={endpoint.id}>
              <Url url={endpoint.url} /> <span className="muted">{error.message}</span>
            </li>
          ))}
        </ul>
      )}
      <div className={dialogStyles["foot"]}>
        <Button onClick={() => change(false)}>{t(failures === null ? "actions.cancel" : "bulk.close")}</Button>
        {failures === null && (
          <Button kind="primary" disabled={done !== null} onClick={() => void run()}>
            {done === null ? t(`bulk.verbs.${verb}`) : t("bulk.progress", { done, count })}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

const CALLS: Readonly<Record<Verb, (endpoint: SelectedEndpoint) => Promise<unknown>>> = {
  pause: (one) =>
    must(api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/pause", { params: { path: pathOf(one) }, body: {} })),
  resume: (one) =>
    must(api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/resume", { params: { path: pathOf(one) } })),
  enable: (one) =>
    must(
      api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/enable", {
        params: { path: pathOf(one) },
        body: { held: "replay" },
      }),
    ),
};

function pathOf({ appId, id }: SelectedEndpoint) {
  return { app_id: appId, endpoint_id: id };
}
