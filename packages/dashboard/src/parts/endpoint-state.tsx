/** Delivery status of an endpoint: state, reason, queued deliveries, and actions to pause, resume or try now. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Pause, Play, Zap } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { fixedList } from "../api/list.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { FormError } from "../components/form.tsx";
import { Card, Facts, Section } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { breakerReason, customerState, type EndpointState, STATE_TONES, isHeld } from "../lib/endpoint-state.ts";
import { formatDuration, formatNumber } from "../lib/format.ts";
import { useAudience } from "../session/audience.ts";
import { endpointStateKey, useEndpointState } from "./use-endpoint-state.ts";

interface EndpointStateProps {
  readonly app: string;
  readonly endpoint: string;
}

/** Badge with the state of an endpoint. */
export function EndpointStateBadge({ app, endpoint }: EndpointStateProps) {
  const { t } = useTranslation();
  const { kind } = useAudience();
  const status = useEndpointState(app, endpoint);
  if (status.data === undefined) return null;
  const { state } = status.data;
  const shown = customerState(status.data);
  // An active endpoint whose attempts fail is not shown as active beside the warning that it is failing.
  if (kind !== "portal" && shown === state)
    return <Badge tone={STATE_TONES[state]}>{t(`endpointState.states.${state}`)}</Badge>;
  return <Badge tone={STATE_TONES[shown]}>{t(`portal.states.${shown}`)}</Badge>;
}

export function EndpointStateCard({ app, endpoint }: EndpointStateProps) {
  const { t } = useTranslation();
  const audience = useAudience();
  const status = useEndpointState(app, endpoint);
  if (status.error !== null && status.data === undefined) {
    return <Failed error={status.error} retry={() => void status.refetch()} />;
  }
  return (
    <Card
      title={t("endpointState.title")}
      actions={
        status.data === undefined || (audience.kind === "portal" && !audience.can("ManageEndpoint")) ? null : (
          <StateActions app={app} endpoint={endpoint} status={status.data} />
        )
      }
    >
      {status.data === undefined ? (
        <Loading lines={5} />
      ) : (
        <>
          <p>
            <StateSentence status={status.data} />
          </p>
          <StateFacts status={status.data} />
        </>
      )}
    </Card>
  );
}

function StateSentence({ status }: { readonly status: EndpointState }) {
  const { t } = useTranslation();
  const { kind } = useAudience();
  const { state, reason, pausedUntil } = status;
  const known = breakerReason(reason);
  if (state === "paused" && pausedUntil !== null && pausedUntil !== "never") {
    return (
      <>
        {t("endpointState.pausedUntil")} <Time at={pausedUntil} />.
      </>
    );
  }
  // Customers read what happens to their events and what they can do, without the terms of the dispatcher.
  if (
    kind === "portal" &&
    !(state === "disabled" && reason !== null) &&
    !(state === "open" && known === "asked_to_wait")
  ) {
    return t(`portal.stateTexts.${customerState(status)}`);
  }
  if (state === "open" && known !== null) return t(`endpointState.reasons.${known}`);
  if (state === "disabled" && reason === "gone") return t("endpointState.reasons.gone");
  if (state === "disabled" && reason !== null) return `${t("endpointState.texts.disabled")} ${reason}`;
  return t(`endpointState.texts.${state}`);
}

function StateFacts({ status }: { readonly status: EndpointState }) {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  const { failing, waiting, concurrency, rate, recentMs } = status;
  const count = (value: number): string => `${formatNumber(language, value)}${waiting.exact ? "" : "+"}`;
  const facts: (readonly [string, ReactNode] | null)[] = [
    status.since === null ? null : [t("endpointState.since"), <Time key="since" at={status.since} />],
    status.nextProbeAt === null
      ? null
      : [t("endpointState.nextProbe"), <Time key="probe" at={status.nextProbeAt} relative />],
    failing === null
      ? null
      : [
          t("endpointState.failing"),
          <span key="failing">
            {t("home.failures", { count: failing.failures })}, {t("home.firstFailure")}{" "}
            <Time at={failing.since} relative />
          </span>,
        ],
    failing === null || failing.disabledAt === null
      ? null
      : [t("endpointState.autoDisable"), <Time key="off" at={failing.disabledAt} relative />],
    [
      t("endpointState.inFlight"),
      t("endpointState.of", { now: status.inFlight, max: concurrency.now ?? concurrency.max }),
    ],
    [t(isHeld(status) ? "endpointState.held" : "endpointState.due"), count(waiting.due)],
    waiting.oldestDue === null
      ? null
      : [t("endpointState.oldest"), <Time key="oldest" at={waiting.oldestDue} relative />],
    [t("endpointState.later"), count(waiting.later)],
    rate.reducedPerSecond === null && rate.perSecond === null
      ? null
      : [t("endpointState.rate"), formatNumber(language, rate.reducedPerSecond ?? rate.perSecond ?? 0, 1)],
    recentMs === null ? null : [t("endpointState.recent"), formatDuration(language, recentMs)],
    status.certificateValidTo === null
      ? null
      : [t("endpointState.certificate"), <Time key="certificate" at={status.certificateValidTo} relative />],
    waiting.newestFirst ? [t("replays.order"), t("replays.newest")] : null,
  ];
  return <Facts facts={facts.filter((fact) => fact !== null)} />;
}

/** Mutation that changes the state of an endpoint and stores the returned state in the cache. */
function useStateChange<Input>(
  { app, endpoint }: EndpointStateProps,
  change: (input: Input) => Promise<EndpointState>,
) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async (status) => {
      queries.setQueryData(endpointStateKey(app, endpoint), status);
      await queries.invalidateQueries({ queryKey: ["stats"] });
    },
  });
}

function StateActions({ app, endpoint, status }: EndpointStateProps & { readonly status: EndpointState }) {
  const { t } = useTranslation();
  const params = { path: { app_id: app, endpoint_id: endpoint } };
  const change = useStateChange({ app, endpoint }, (verb: "try-now" | "pause" | "resume") => {
    switch (verb) {
      case "try-now":
        return must(api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/try-now", { params }));
      case "pause":
        return must(api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/pause", { params, body: {} }));
      case "resume":
        return must(api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/resume", { params }));
    }
  });
  const { state } = status;
  if (state === "disabled" || state === "unverified" || state === "unavailable") return null;
  const tryable = state === "open" || state === "half_open";
  return (
    <>
      {tryable && (
        <Button
          needs="messages:replay"
          kind="primary"
          small
          onClick={() => change.mutate("try-now")}
          disabled={change.isPending}
        >
          <Zap aria-hidden />
          {t("endpointState.tryNow")}
        </Button>
      )}
      {state === "paused" ? (
        <Button
          needs="endpoints:write"
          kind="primary"
          small
          onClick={() => change.mutate("resume")}
          disabled={change.isPending}
        >
          <Play aria-hidden />
          {t("endpointState.resume")}
        </Button>
      ) : (
        <Button needs="endpoints:write" small onClick={() => change.mutate("pause")} disabled={change.isPending}>
          <Pause aria-hidden />
          {t("endpointState.pause")}
        </Button>
      )}
      <FormError error={change.error} />
    </>
  );
}

/** Messages that block an endpoint with ordered delivery. Renders nothing when there are none. */
export function Blockers({ app, endpoint }: EndpointStateProps) {
  const { t, i18n } = useTranslation();
  const audience = useAudience();
  const status = useEndpointState(app, endpoint);
  const unblock = useStateChange({ app, endpoint }, (msgId: string) =>
    must(
      api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/unblock", {
        params: { path: { app_id: app, endpoint_id: endpoint } },
        body: { msgId },
      }),
    ),
  );
  const blockers = status.data?.blockers ?? [];
  if (blockers.length === 0) return null;
  return (
    <Section title={t("endpointState.blockers")}>
      <p className="muted">{t("endpointState.blockersText")}</p>
      <FormError error={unblock.error} />
      <Table
        label={t("endpointState.blockers")}
        list={fixedList(blockers)}
        rowKey={(row) => row.msgId}
        empty=""
        columns={[
          {
            key: "message",
            label: t("messages.one"),
            cell: (row) => (
              <Link {...audience.message(app, row.msgId)}>
                <code>{row.msgId}</code>
              </Link>
            ),
          },
          {
            key: "key",
            label: t("endpointState.key"),
            cell: (row) =>
              row.orderingKey === null ? t("endpointState.wholeEndpoint") : <code>{row.orderingKey}</code>,
          },
          {
            key: "waiting",
            label: t("endpointState.behind"),
            end: true,
            cell: (row) => formatNumber(i18n.language, row.waiting),
          },
          {
            key: "next",
            label: t("endpointState.next"),
            end: true,
            cell: (row) => <Time at={row.nextAttempt} relative />,
          },
          {
            key: "pass",
            label: t("endpointState.passAt"),
            end: true,
            cell: (row) => <Time at={row.passAt} relative />,
          },
          ...(audience.can("ManageEndpoint")
            ? [
                {
                  key: "unblock",
                  label: t("endpointState.unblock"),
                  end: true,
                  tight: true,
                  cell: (row: EndpointState["blockers"][number]) => (
                    <Button
                      needs="endpoints:write"
                      small
                      onClick={() => unblock.mutate(row.msgId)}
                      disabled={unblock.isPending}
                    >
                      {t("endpointState.unblock")}
                    </Button>
                  ),
                },
              ]
            : []),
        ]}
      />
    </Section>
  );
}
