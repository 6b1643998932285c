/** Keys of a watch, and why the selected one is in its phase. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { RotateCcw, X } from "lucide-react";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { SelectField } from "../components/form.tsx";
import { Card, Facts, Section } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { PHASE_TONES, valueText, type Watch, WATCH_PHASES, type WatchPhase } from "../lib/watch.ts";
import { conditionText } from "../lib/watch-summary.ts";
import { Countdown } from "./countdown.tsx";
import styles from "./watch.module.css";

const EVERY_MS = 5000;

export interface WatchKeysProps {
  readonly app: string;
  readonly watch: Watch;
}

export function WatchKeys({ app, watch }: WatchKeysProps) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/watches/$app/$watch" });
  const { phase, key } = useSearch({ from: "/operator/watches/$app/$watch" });
  const filter = phase === undefined ? {} : { phase };
  const list = useList(
    ["watch", app, watch.id, "keys", filter],
    (page) =>
      must(
        api.GET("/api/v1/app/{app_id}/watch/{watch_id}/key", {
          params: { path: { app_id: app, watch_id: watch.id }, query: { ...page, ...filter } },
        }),
      ),
    { everyMs: EVERY_MS },
  );
  const choices = [
    { value: "", label: t("watches.anyPhase") },
    ...WATCH_PHASES.map((value) => ({ value, label: `${t(`watches.phases.${value}`)} (${watch.phases[value]})` })),
  ];
  return (
    <>
      {key !== undefined && <KeyCard key={key} app={app} watch={watch} name={key} />}
      <Section
        title={t("watches.keys")}
        actions={
          <SelectField
            bare
            label={t("watches.phase")}
            value={phase ?? ""}
            onChange={(value) =>
              void navigate({ search: value === "" ? {} : { phase: value as WatchPhase }, resetScroll: false })
            }
            choices={choices}
          />
        }
      >
        <Table
          label={t("watches.keys")}
          list={list}
          rowKey={(row) => `key ${row.key}`}
          linked
          empty={t(phase === undefined ? "watches.noKeys" : "watches.noKeysInPhase")}
          columns={[
            {
              key: "key",
              label: t("watches.key"),
              cell: (row) => (
                <Link to="." search={{ ...filter, key: row.key }} resetScroll={false}>
                  {row.key === "" ? t("watches.noKey") : row.key}
                </Link>
              ),
            },
            {
              key: "phase",
              label: t("watches.phase"),
              tight: true,
              cell: (row) => <Badge tone={PHASE_TONES[row.phase]}>{t(`watches.phases.${row.phase}`)}</Badge>,
            },
            { key: "value", label: t("watches.value"), cell: (row) => <code>{valueText(row.value)}</code> },
            {
              key: "since",
              label: t("watches.since"),
              cell: (row) => (row.since === null ? <span className="muted">–</span> : <Time at={row.since} relative />),
            },
            {
              key: "last",
              label: t("watches.lastSample"),
              wideOnly: true,
              cell: (row) => <Time at={row.lastSampleAt} relative />,
            },
            {
              key: "timer",
              label: t("watches.timer"),
              end: true,
              cell: (row) =>
                row.nextTimerAt === null ? <span className="muted">–</span> : <Countdown at={row.nextTimerAt} />,
            },
          ]}
        />
      </Section>
    </>
  );
}

/** Why a key is in its phase, as a sentence. The details next to it have the times. */
function whyText(t: TFunction, { when, until }: Watch["rule"], phase: WatchPhase): string {
  const reportsChanges = when.changed !== undefined || (when.all ?? []).some(({ changed }) => changed !== undefined);
  if (reportsChanges) return t("watches.reasons.changes");
  if (phase === "raised") return t(until === undefined ? "watches.reasons.raised" : "watches.reasons.raisedUntil");
  return t(`watches.reasons.${phase}`);
}

interface KeyCardProps extends WatchKeysProps {
  readonly name: string;
}

function KeyCard({ app, watch, name }: KeyCardProps) {
  const { t, i18n } = useTranslation();
  const queries = useQueryClient();
  const path = { app_id: app, watch_id: watch.id };
  const detail = useQuery({
    queryKey: ["watch", app, watch.id, "key", name],
    queryFn: () =>
      must(api.GET("/api/v1/app/{app_id}/watch/{watch_id}/key-state", { params: { path, query: { key: name } } })),
    refetchInterval: EVERY_MS,
    retry: false,
  });
  const reset = useMutation({
    mutationFn: () =>
      must(api.POST("/api/v1/app/{app_id}/watch/{watch_id}/reset", { params: { path }, body: { key: name } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["watch", app, watch.id] }),
  });
  const title = name === "" ? t("watches.noKey") : name;
  return (
    <Card
      title={title}
      actions={
        <span className={styles["switch"]}>
          <Confirm
            needs="watches:write"
            trigger={
              <Button small>
                <RotateCcw aria-hidden />
                {t("watches.reset")}
              </Button>
            }
            title={t("watches.resetTitle", { name: title })}
            text={t("watches.resetText")}
            action={t("watches.reset")}
            onConfirm={() => reset.mutateAsync()}
          />
          <Link to="." search={{}} resetScroll={false}>
            <X aria-hidden width="1em" height="1em" /> {t("watches.closeKey")}
          </Link>
        </span>
      }
    >
      {detail.error !== null && <Failed error={detail.error} retry={() => void detail.refetch()} />}
      {detail.isPending && <Loading lines={3} />}
      {detail.data !== undefined && (
        <>
          <Facts
            facts={[
              [
                t("watches.phase"),
                <Badge key="phase" tone={PHASE_TONES[detail.data.phase]}>
                  {t(`watches.phases.${detail.data.phase}`)}
                </Badge>,
              ],
              [t("watches.value"), <code key="value">{valueText(detail.data.value)}</code>],
              [t("watches.since"), detail.data.since === null ? "–" : <Time key="since" at={detail.data.since} />],
              [t("watches.lastSample"), <Time key="last" at={detail.data.lastSampleAt} relative />],
              [
                t("watches.timer"),
                detail.data.nextTimerAt === null ? "–" : <Countdown key="timer" at={detail.data.nextTimerAt} />,
              ],
              ...(detail.data.messageId === null
                ? []
                : [
                    [
                      t("watches.message"),
                      <Link
                        key="message"
                        to="/applications/$app/messages/$message"
                        params={{ app, message: detail.data.messageId }}
                      >
                        {t("watches.openMessage")}
                      </Link>,
                    ] as const,
                  ]),
            ]}
          />
          <h3>{t("watches.why")}</h3>
          <p>{whyText(t, watch.rule, detail.data.phase)}</p>
          <ul className={styles["conditions"]}>
            {detail.data.explanation.conditions.map(({ path: at, condition, holds, value }) => (
              <li key={at}>
                <Badge tone={holds === null ? "neutral" : holds ? "warn" : "good"}>
                  {t(holds === null ? "watches.unknown" : holds ? "watches.holds" : "watches.holdsNot")}
                </Badge>
                <span>{conditionText(i18n, watch.rule, condition as typeof watch.rule.when)}</span>
                {value !== undefined && (
                  <span className="muted">{t("watches.compared", { value: valueText(value) })}</span>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}
