/** Test of an alert rule: sends a message, and shows how each recipient responds. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { FormError } from "../components/form.tsx";
import { Note } from "../components/state.tsx";
import { attemptCause } from "../lib/cause.ts";
import { toneOf } from "../lib/status.ts";
import type { AlertTarget } from "./use-alert-targets.ts";

const EVERY_MS = 1500;

interface TestAlertRuleProps {
  readonly rule: Pick<components["schemas"]["AlertRuleOut"], "id" | "targets">;
  readonly targets: readonly AlertTarget[];
}

export function TestAlertRule({ rule, targets }: TestAlertRuleProps) {
  const { t } = useTranslation();
  const [before, setBefore] = useState<readonly (string | null)[] | null>(null);
  const test = useMutation({
    mutationFn: async () => {
      // Attempts after these belong to the test.
      const newest = await Promise.all(rule.targets.map(async (target) => (await newestAttempt(target))?.id ?? null));
      setBefore(null);
      await must(api.POST("/api/v1/alert-rule/{alert_rule_id}/test", { params: { path: { alert_rule_id: rule.id } } }));
      setBefore(newest);
    },
  });
  return (
    <>
      <Button
        small
        needs="settings:write"
        disabled={test.isPending || rule.targets.length === 0}
        onClick={() => test.mutate()}
      >
        {t("alerts.test")}
      </Button>{" "}
      {before !== null && (
        <Note>
          {t("alerts.tested")}
          {rule.targets.map((target, index) => (
            <Response
              key={target}
              target={target}
              name={targets.find(({ id }) => id === target)?.name ?? target}
              before={before[index] ?? null}
            />
          ))}
        </Note>
      )}
      <FormError error={test.error} />
    </>
  );
}

/** The newest attempt to a recipient; `null`: there is none. */
async function newestAttempt(target: string) {
  const { data } = await must(
    api.GET("/api/v1/operational-webhook/endpoint/{endpoint_id}/attempt", {
      params: { path: { endpoint_id: target }, query: { limit: 1, with_content: false } },
    }),
  );
  return data[0] ?? null;
}

interface ResponseProps {
  readonly target: string;
  readonly name: string;
  /** The newest attempt before the test. */
  readonly before: string | null;
}

function Response({ target, name, before }: ResponseProps) {
  const { t } = useTranslation();
  const attempt = useQuery({
    queryKey: ["alert-test", target, before],
    queryFn: async () => {
      const newest = await newestAttempt(target);
      return newest === null || newest.id === before ? null : newest;
    },
    refetchInterval: ({ state }) => (state.data === undefined || state.data === null ? EVERY_MS : false),
    gcTime: 0,
  });
  return (
    <div>
      {name}:{" "}
      {attempt.data === undefined || attempt.data === null ? (
        <span className="muted">{t("alerts.testWaiting")}</span>
      ) : (
        <Badge tone={toneOf(attempt.data.status)}>{attemptCause(t, attempt.data)}</Badge>
      )}
    </div>
  );
}
