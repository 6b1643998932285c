import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { TextField } from "../components/form.tsx";
import { type DestinationKind, groupedKinds, matchingKinds } from "../lib/destination-config.ts";
import { DestinationMark } from "./destination-mark.tsx";
import styles from "./destination.module.css";

/** The kinds of this server; `undefined` while loading. */
export function useDestinationKinds(): readonly DestinationKind[] | undefined {
  const kinds = useQuery({
    queryKey: ["destination-kinds"],
    queryFn: () => must(api.GET("/api/v1/destination-kinds")),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return kinds.data?.data;
}

export interface DestinationPickerProps {
  readonly kinds: readonly DestinationKind[];
  readonly value: string;
  readonly onChange: (kind: string) => void;
}

/** Shows the chosen kind, and on request a list of all kinds that can be searched. */
export function DestinationPicker({ kinds, value, onChange }: DestinationPickerProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const id = useId();
  const chosen = kinds.find(({ kind }) => kind === value);
  if (chosen === undefined) return null;
  return (
    <div className={styles["fields"]}>
      <div className={styles["chosen"]}>
        <span className={styles["mark"]}>
          <DestinationMark kind={chosen.kind} group={chosen.group} />
        </span>
        <span>
          <span className={styles["name"]}>{chosen.title}</span>
          <span className={styles["summary"]}>{chosen.summary}</span>
        </span>
        <Button aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          {t(open ? "destinations.close" : "destinations.choose")}
        </Button>
      </div>
      <div id={id} hidden={!open}>
        {open && <Kinds kinds={kinds} value={value} onChange={onChange} />}
      </div>
    </div>
  );
}

function Kinds({ kinds, value, onChange }: DestinationPickerProps) {
  const { t } = useTranslation();
  const [query, setQuery] = useState("");
  const found = matchingKinds(kinds, query);
  return (
    <div className={styles["fields"]}>
      <TextField name="destination.search" label={t("destinations.search")} onValue={setQuery} />
      <p className="visually-hidden" role="status">
        {t("destinations.found", { count: found.length })}
      </p>
      {/* Scrollable regions must be reachable by keyboard. */}
      <div className={styles["list"]} role="region" tabIndex={0} aria-label={t("destinations.list")}>
        {groupedKinds(found).map(([group, members]) => (
          <fieldset key={group} className={styles["group"]}>
            <legend>{t(`destinations.groups.${group}`, { defaultValue: group })}</legend>
            {members.map((kind) => (
              <label key={kind.kind} className={styles["kind"]}>
                <input
                  type="radio"
                  name="destination.kind"
                  value={kind.kind}
                  checked={kind.kind === value}
                  disabled={!kind.available}
                  onChange={() => onChange(kind.kind)}
                />
                <span className={styles["mark"]}>
                  <DestinationMark kind={kind.kind} group={kind.group} />
                </span>
                <span>
                  <span className={styles["name"]}>{kind.title}</span>
                  <span className={styles["summary"]}>{kind.problem?.message ?? kind.summary}</span>
                </span>
              </label>
            ))}
          </fieldset>
        ))}
        {found.length === 0 && <p className="muted">{t("destinations.none")}</p>}
      </div>
    </div>
  );
}
