/** Preview of a rule's effect on the newest stored messages. */
import type { UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { FormError, SelectField } from "../components/form.tsx";
import { Card } from "../components/page.tsx";
import { Loading, Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { type DryRun, PHASE_TONES, TRANSITION_TONES, valueText, WATCH_PHASES } from "../lib/watch.ts";
import type { WatchRule } from "../lib/watch-draft.ts";
import { WatchValues } from "./watch-values.tsx";
import styles from "./watch.module.css";

export const LIMITS = ["100", "500", "1000", "5000"] as const;

export interface WatchPreviewProps {
  readonly app: string;
  /** `null`: the rule is not complete. */
  readonly rule: WatchRule | null;
  readonly query: UseQueryResult<DryRun>;
  readonly hasFaults: boolean;
  readonly limit: string;
  readonly onLimit: (limit: string) => void;
  readonly valuePage: number;
  readonly onValuePage: (page: number) => void;
}

export function WatchPreview(props: WatchPreviewProps) {
  const { app, rule, query, hasFaults, limit, onLimit, valuePage, onValuePage } = props;
  const { t } = useTranslation();
  const problem = app === "" ? "noApp" : rule === null ? "incomplete" : hasFaults ? "faulty" : null;
  return (
    <Card title={t("watchEdit.preview")} lead={t("watchEdit.previewLead")}>
      <SelectField
        label={t("watchEdit.limit")}
        value={limit}
        onChange={onLimit}
        choices={LIMITS.map((value) => ({ value, label: value }))}
      />
      <div className={styles["preview"]} aria-live="polite">
        {problem !== null && <Note>{t(`watchEdit.${problem}`)}</Note>}
        {problem === null && <FormError error={query.error} />}
        {problem === null && query.isLoading && <Loading lines={4} />}
        {problem === null && query.error === null && query.data !== undefined && rule !== null && (
          <Result app={app} rule={rule} run={query.data} valuePage={valuePage} onValuePage={onValuePage} />
        )}
      </div>
    </Card>
  );
}

interface ResultProps extends Pick<WatchPreviewProps, "app" | "valuePage" | "onValuePage"> {
  readonly rule: WatchRule;
  readonly run: DryRun;
}

function Result({ app, rule, run, valuePage, onValuePage }: ResultProps) {
  const { t } = useTranslation();
  const { messages, samples, unreadable, partial, transitions, values, keys } = run;
  if (messages === 0) return <Note>{t("watchEdit.noMessages")}</Note>;
  return (
    <>
      <p className="muted">
        {[
          t("watchEdit.evaluated", { count: messages }),
          t("watchEdit.sampleCount", { count: samples }),
          ...(unreadable === 0 ? [] : [t("watchEdit.unreadableCount", { count: unreadable })]),
        ].join(" · ")}
      </p>
      {partial && <Note tone="warn">{t("watchEdit.partial")}</Note>}
      {samples === unreadable && values.length === 0 && <Note tone="warn">{t("watchEdit.noSamples")}</Note>}
      {values.length > 0 && (
        <WatchValues
          rule={rule}
          values={values}
          transitions={transitions}
          page={valuePage}
          pages={run.valuePages}
          onPage={onValuePage}
        />
      )}
      <h3>{t("watchEdit.timeline")}</h3>
      <Timeline app={app} transitions={transitions} />
      <p>
        <span className="muted">{t("watchEdit.atEnd")}: </span>
        {WATCH_PHASES.flatMap((phase) => {
          const count = keys.filter((key) => key.phase === phase).length;
          return count === 0
            ? []
            : [
                <Badge key={phase} tone={PHASE_TONES[phase]}>
                  {count} {t(`watches.phases.${phase}`)}
                </Badge>,
                " ",
              ];
        })}
        {keys.length === 0 && "–"}
      </p>
    </>
  );
}

const SHOWN = 12;

function Timeline({ app, transitions }: { readonly app: string; readonly transitions: DryRun["transitions"] }) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  if (transitions.length === 0) return <p>{t("watchEdit.noTransitions")}</p>;
  const shown = isOpen ? transitions : transitions.slice(-SHOWN);
  return (
    <>
      {shown.length < transitions.length && (
        <div>
          <Button small onClick={() => setOpen(true)}>
            {t("watchEdit.showAll", { count: transitions.length })}
          </Button>
        </div>
      )}
      <ol className={styles["timeline"]}>
        {shown.map(({ key, phase, at, value, messageId }, index) => (
          <li key={index}>
            <Badge tone={TRANSITION_TONES[phase] ?? "neutral"}>{t(`watches.transitions.${phase}`)}</Badge>
            <code>{key === "" ? t("watches.noKey") : key}</code>
            <code>{valueText(value)}</code>
            {messageId === null ? (
              <Time at={at} />
            ) : (
              <Link to="/applications/$app/messages/$message" params={{ app, message: messageId }}>
                <Time at={at} />
              </Link>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}
