/** Alert rules, their recipients, and the alerts that are firing. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { fixedList, useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge, Tags } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { FormError } from "../components/form.tsx";
import { ListSection } from "../components/list-page.tsx";
import { Section } from "../components/page.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { CREATE_ALERT_RULE } from "../lib/api-command.ts";
import { AlertRuleDialog } from "../parts/alert-rule-dialog.tsx";
import { ApiCommand } from "../parts/api-command.tsx";
import { DeleteRow } from "../parts/delete-row.tsx";
import { NewAlertTarget } from "../parts/new-alert-target.tsx";
import { TestAlertRule } from "../parts/test-alert-rule.tsx";
import { type AlertTarget, useAlertTargets } from "../parts/use-alert-targets.ts";

type Rule = components["schemas"]["AlertRuleOut"];
type Alert = components["schemas"]["AlertListOut"]["data"][number];

const EVERY_MS = 15_000;

export function AlertSettings() {
  const { t } = useTranslation();
  const rules = useList(["alert-rules"], (page) => must(api.GET("/api/v1/alert-rule", { params: { query: page } })), {
    everyMs: EVERY_MS,
  });
  const alerts = useQuery({
    queryKey: ["alerts"],
    queryFn: () => must(api.GET("/api/v1/alert")),
    refetchInterval: EVERY_MS,
  });
  const targets = useAlertTargets() ?? [];
  const firing = alerts.data?.data ?? [];
  const nameOf = (id: string): string => targets.find((target) => target.id === id)?.name ?? id;
  return (
    <>
      <ListSection
        title={t("alerts.title")}
        lead={t("alerts.lead")}
        actions={
          <>
            <NewAlertTarget />
            <AlertRuleDialog targets={targets} />
          </>
        }
        list={rules}
        rowKey={(row) => row.id}
        empty={t("alerts.none")}
        emptyAction={<ApiCommand call={CREATE_ALERT_RULE} />}
        columns={[
          {
            key: "name",
            label: t("alerts.name"),
            cell: (row) => (
              <span>
                <strong>{row.name}</strong>
                <br />
                <span className="muted">{t(`alerts.kinds.${row.kind}`)}</span>
              </span>
            ),
          },
          {
            key: "targets",
            label: t("alerts.targets"),
            cell: (row) => <Tags names={row.targets.map(nameOf)} none={t("alerts.noTargets")} />,
          },
          {
            key: "state",
            label: t("alerts.state"),
            tight: true,
            cell: (row) => <RuleState rule={row} firing={firing} />,
          },
          {
            key: "sent",
            label: t("alerts.lastSent"),
            wideOnly: true,
            cell: (row) => <Time at={row.sentAt} relative />,
          },
          { key: "actions", label: t("alerts.actions"), cell: (row) => <RuleActions rule={row} targets={targets} /> },
        ]}
      />
      <Section title={t("alerts.firing")}>
        <Table
          label={t("alerts.firing")}
          list={fixedList(firing)}
          rowKey={(row) => row.id}
          empty={t("alerts.firingNone")}
          columns={[
            {
              key: "what",
              label: t("alerts.what"),
              cell: (row) => (
                <span>
                  <Link to={row.path}>{row.title}</Link>
                  <br />
                  <span className="muted">{row.text}</span>
                </span>
              ),
            },
            { key: "rule", label: t("alerts.name"), cell: (row) => row.ruleName },
            { key: "since", label: t("alerts.since"), tight: true, cell: (row) => <Time at={row.since} relative /> },
            {
              key: "notified",
              label: t("alerts.notified"),
              cell: (row) =>
                row.notifiedAt === null ? (
                  <span className="muted">{t("alerts.waiting")}</span>
                ) : (
                  <Time at={row.notifiedAt} relative />
                ),
            },
          ]}
        />
      </Section>
    </>
  );
}

function RuleState({ rule, firing }: { readonly rule: Rule; readonly firing: readonly Alert[] }) {
  const { t } = useTranslation();
  if (!rule.enabled) return <Badge>{t("alerts.states.disabled")}</Badge>;
  const isFiring = firing.some(({ ruleId, clearedAt }) => ruleId === rule.id && clearedAt === null);
  return <Badge tone={isFiring ? "bad" : "good"}>{t(isFiring ? "alerts.states.firing" : "alerts.states.ok")}</Badge>;
}

function RuleActions({ rule, targets }: { readonly rule: Rule; readonly targets: readonly AlertTarget[] }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const params = { path: { alert_rule_id: rule.id } };
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ["alert-rules"] });
  const change = useMutation({
    mutationFn: (enabled: boolean) =>
      must(api.PATCH("/api/v1/alert-rule/{alert_rule_id}", { params, body: { enabled } })),
    onSuccess: refresh,
  });
  return (
    <>
      <TestAlertRule rule={rule} targets={targets} />
      <AlertRuleDialog targets={targets} rule={rule} />{" "}
      <Button small needs="settings:write" disabled={change.isPending} onClick={() => change.mutate(!rule.enabled)}>
        {t(rule.enabled ? "alerts.disable" : "alerts.enable")}
      </Button>{" "}
      <DeleteRow
        needs="settings:write"
        action={t("actions.delete")}
        title={t("alerts.deleteTitle")}
        text={t("alerts.deleteText")}
        lists={[["alert-rules"], ["alerts"]]}
        remove={() => must(api.DELETE("/api/v1/alert-rule/{alert_rule_id}", { params }))}
      />
      <FormError error={change.error} />
    </>
  );
}
