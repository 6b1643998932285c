/** Whether deliveries to an endpoint go out now, why not, how much waits, and what can be done about it. */
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
import { breakerReason, type EndpointFlow, FLOW_TONES, isHeld } from "../lib/flow.ts";
import { formatDuration, formatNumber } from "../lib/format.ts";
import { useFace } from "../session/face.ts";
import { flowKey, useFlow } from "./use-flow.ts";

interface FlowProps {
  readonly app: string;
  readonly endpoint: string;
}

/** The state of an endpoint in a word. */
export function FlowBadge({ app, endpoint }: FlowProps) {
  const { t } = useTranslation();
  const flow = useFlow(app, endpoint);
  if (flow.data === undefined) return null;
  return <Badge tone={FLOW_TONES[flow.data.state]}>{t(`endpointState.states.${flow.data.state}`)}</Badge>;
}

export function EndpointFlowCard({ app, endpoint }: FlowProps) {
  const { t } = useTranslation();
  const { can } = useFace();
  const flow = useFlow(app, endpoint);
  if (flow.error !== null && flow.data === undefined) {
    return <Failed error={flow.error} retry={() => void flow.refetch()} />;
  }
  return (
    <Card
      title={t("endpointState.title")}
      actions={
        flow.data === undefined || !can("ManageEndpoint") ? null : (
          <FlowActions app={app} endpoint={endpoint} flow={flow.data} />
        )
      }
    >
      {flow.data === undefined ? (
        <Loading lines={5} />
      ) : (
        <>
          <p>
            <Sentence flow={flow.data} />
          </p>
          <FlowFacts flow={flow.data} />
        </>
      )}
    </Card>
  );
}

function Sentence({ flow }: { readonly flow: EndpointFlow }) {
  const { t } = useTranslation();
  const { state, reason, pausedUntil } = flow;
  const known = breakerReason(reason);
  if (state === "open" && known !== null) return t(`endpointState.reasons.${known}`);
  if (state === "paused" && pausedUntil !== null && pausedUntil !== "never") {
    return (
      <>
        {t("endpointState.pausedUntil")} <Time at={pausedUntil} />.
      </>
    );
  }
  if (state === "disabled" && reason === "gone") return t("endpointState.reasons.gone");
  if (state === "disabled" && reason !== null) return `${t("endpointState.texts.disabled")} ${reason}`;
  return t(`endpointState.texts.${state}`);
}

function FlowFacts({ flow }: { readonly flow: EndpointFlow }) {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  const { failing, waiting, concurrency, rate, recentMs } = flow;
  const count = (value: number): string => `${formatNumber(language, value)}${waiting.exact ? "" : "+"}`;
  const facts: (readonly [string, ReactNode] | null)[] = [
    flow.since === null ? null : [t("endpointState.since"), <Time key="since" at={flow.since} />],
    flow.nextProbeAt === null
      ? null
      : [t("endpointState.nextProbe"), <Time key="probe" at={flow.nextProbeAt} relative />],
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
      t("endpointState.of", { now: flow.inFlight, max: concurrency.now ?? concurrency.max }),
    ],
    [t(isHeld(flow) ? "endpointState.held" : "endpointState.due"), count(waiting.due)],
    waiting.oldestDue === null
      ? null
      : [t("endpointState.oldest"), <Time key="oldest" at={waiting.oldestDue} relative />],
    [t("endpointState.later"), count(waiting.later)],
    rate.easedTo === null && rate.perSecond === null
      ? null
      : [t("endpointState.rate"), formatNumber(language, rate.easedTo ?? rate.perSecond ?? 0, 1)],
    recentMs === null ? null : [t("endpointState.recent"), formatDuration(language, recentMs)],
    flow.certificateValidTo === null
      ? null
      : [t("endpointState.certificate"), <Time key="certificate" at={flow.certificateValidTo} relative />],
    waiting.newestFirst ? [t("replays.order"), t("replays.newest")] : null,
  ];
  return <Facts facts={facts.filter((fact) => fact !== null)} />;
}

/** Does something to the flow of an endpoint and shows what became of it. */
function useFlowChange<Input>({ app, endpoint }: FlowProps, change: (input: Input) => Promise<EndpointFlow>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async (flow) => {
      queries.setQueryData(flowKey(app, endpoint), flow);
      await queries.invalidateQueries({ queryKey: ["stats"] });
    },
  });
}

function FlowActions({ app, endpoint, flow }: FlowProps & { readonly flow: EndpointFlow }) {
  const { t } = useTranslation();
  const params = { path: { app_id: app, endpoint_id: endpoint } };
  const change = useFlowChange({ app, endpoint }, (verb: "try-now" | "pause" | "resume") => {
    switch (verb) {
      case "try-now":
        return must(api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/try-now", { params }));
      case "pause":
        return must(api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/pause", { params, body: {} }));
      case "resume":
        return must(api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/resume", { params }));
    }
  });
  const { state } = flow;
  if (state === "disabled" || state === "unverified") return null;
  const tryable = state === "open" || state === "half_open";
  return (
    <>
      {tryable && (
        <Button kind="primary" small onClick={() => change.mutate("try-now")} disabled={change.isPending}>
          <Zap aria-hidden />
          {t("endpointState.tryNow")}
        </Button>
      )}
      {state === "paused" ? (
        <Button kind="primary" small onClick={() => change.mutate("resume")} disabled={change.isPending}>
          <Play aria-hidden />
          {t("endpointState.resume")}
        </Button>
      ) : (
        <Button small onClick={() => change.mutate("pause")} disabled={change.isPending}>
          <Pause aria-hidden />
          {t("endpointState.pause")}
        </Button>
      )}
      <FormError error={change.error} />
    </>
  );
}

/** What holds up others at an endpoint with an order. Nothing where nothing does. */
export function Blockers({ app, endpoint }: FlowProps) {
  const { t, i18n } = useTranslation();
  const face = useFace();
  const flow = useFlow(app, endpoint);
  const unblock = useFlowChange({ app, endpoint }, (msgId: string) =>
    must(
      api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/unblock", {
        params: { path: { app_id: app, endpoint_id: endpoint } },
        body: { msgId },
      }),
    ),
  );
  const blockers = flow.data?.blockers ?? [];
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
              <Link {...face.message(app, row.msgId)}>
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
          ...(face.can("ManageEndpoint")
            ? [
                {
                  key: "unblock",
                  label: t("endpointState.unblock"),
                  end: true,
                  tight: true,
                  cell: (row: EndpointFlow["blockers"][number]) => (
                    <Button small onClick={() => unblock.mutate(row.msgId)} disabled={unblock.isPending}>
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
