import { useTranslation } from "react-i18next";
import { fixedList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Form, FormRow, type FormValues, TextField } from "../components/form.tsx";
import { Facts } from "../components/page.tsx";
import { Note } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { Url } from "../components/url.tsx";
import { formatNumber } from "../lib/format.ts";

type Plan = components["schemas"]["AcrossPlanOut"];

export interface AcrossResultProps {
  readonly plan: Plan;
  readonly busy: boolean;
  readonly error: Error | null;
  readonly onStart: (how: { readonly ratePerSecond?: number; readonly reason?: string }) => void;
}

/** What a replay across applications would send and leave out, and the form that starts it. */
export function AcrossResult({ plan, busy, error, onStart }: AcrossResultProps) {
  const { t, i18n } = useTranslation();
  const number = (value: number): string => formatNumber(i18n.language, value);
  const submit = ({ rate = "", reason = "" }: FormValues): void => {
    onStart({ ...(rate === "" ? {} : { ratePerSecond: Number(rate) }), ...(reason === "" ? {} : { reason }) });
  };
  const { endpoints, applications, toSend } = plan;
  return (
    <>
      <p role="status">
        <strong>
          {t("acrossReplay.wouldSend", {
            count: toSend,
            value: number(toSend),
            endpoints: number(endpoints),
            applications: number(applications),
          })}
        </strong>
      </p>
      {!plan.exact && <Note tone="warn">{t("acrossReplay.inexact")}</Note>}
      <LeftOut skipped={plan.skipped} />
      <Table
        label={t("acrossReplay.endpoints")}
        list={fixedList(plan.parts)}
        rowKey={(row) => row.endpointId}
        empty={t("acrossReplay.noEndpoints")}
        columns={[
          {
            key: "endpoint",
            label: t("endpoints.one"),
            cell: (row) => (
              <span title={row.url}>
                <Url url={row.url} /> {row.disabled && <Badge>{t("incidents.disabled")}</Badge>}
              </span>
            ),
          },
          { key: "app", label: t("applications.one"), cell: (row) => row.appName },
          { key: "matched", label: t("replays.matched"), end: true, cell: (row) => number(row.matched) },
          {
            key: "toSend",
            label: t("replays.toSend"),
            end: true,
            cell: (row) => number(row.disabled ? 0 : row.toSend),
          },
        ]}
      />
      <Form
        onSubmit={submit}
        error={error}
        foot={
          <Button type="submit" kind="primary" disabled={busy || toSend === 0}>
            {t("replays.start")}
          </Button>
        }
      >
        <FormRow>
          <TextField
            name="rate"
            type="number"
            min={1}
            max={10_000}
            label={t("replays.rate")}
            help={t("replays.rateHelp")}
          />
          <TextField name="reason" label={t("replays.reason")} help={t("replays.reasonHelp")} />
        </FormRow>
      </Form>
    </>
  );
}

/** Number of messages that are left out, by reason. */
function LeftOut({ skipped }: Pick<Plan, "skipped">) {
  const { t, i18n } = useTranslation();
  const { otherStatus, ...others } = skipped;
  const reasons = Object.entries({ ...otherStatus, ...others }).filter(([, count]) => count > 0);
  if (reasons.length === 0) return <p className="muted">{t("acrossReplay.noneLeftOut")}</p>;
  return (
    <section aria-label={t("acrossReplay.leftOut")}>
      <p className="muted">{t("acrossReplay.leftOut")}</p>
      <Facts
        facts={reasons.map(
          ([reason, count]) =>
            [
              t(`acrossReplay.reasons.${reason as keyof typeof otherStatus | keyof typeof others}`),
              formatNumber(i18n.language, count),
            ] as const,
        )}
      />
    </section>
  );
}
