import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Pause, Play } from "lucide-react";
import type { TFunction } from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Requester } from "../components/requester.tsx";
import { Url } from "../components/url.tsx";
import { api, must } from "../api/client.ts";
import { fixedList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge, Tags } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Card, Columns, Facts, Page, Section } from "../components/page.tsx";
import { Progress } from "../components/progress.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { causeText } from "../lib/cause.ts";
import { formatDuration, formatNumber } from "../lib/format.ts";
import { TASK_TONES } from "../lib/task.ts";
import { ApplicationName } from "../parts/application-name.tsx";
import { useAudience } from "../session/audience.ts";

type Job = components["schemas"]["ReplayJobDetailOut"];
type Part = Job["endpoints"][number];

const EVERY_MS = 1000;

export function ReplayPage() {
  const { t } = useTranslation();
  const { app, replay } = useParams({ from: "/operator/replays/$app/$replay" });
  const crumbs = [
    <Link key="all" to="/replays">
      {t("replays.title")}
    </Link>,
  ];
  return <ReplayView app={app} id={replay} crumbs={crumbs} />;
}

/** A replay across applications. */
export function AcrossReplayPage() {
  const { t } = useTranslation();
  const { replay } = useParams({ from: "/operator/replays/all/$replay" });
  const crumbs = [
    <Link key="all" to="/replays">
      {t("replays.title")}
    </Link>,
  ];
  return <ReplayView app={null} id={replay} crumbs={crumbs} />;
}

export interface ReplayViewProps {
  /** `null`: across applications. */
  readonly app: string | null;
  readonly id: string;
  readonly crumbs: readonly ReactNode[];
}

/** Progress and parameters of a replay, with controls to pause, resume and cancel it. */
export function ReplayView({ app, id, crumbs }: ReplayViewProps) {
  const { t } = useTranslation();
  const { can } = useAudience();
  const job = useQuery({
    queryKey: ["replay", app, id],
    queryFn: () => load(app, id),
    refetchInterval: ({ state }) => (state.data?.endedAt === null || state.data === undefined ? EVERY_MS : false),
  });
  if (job.error !== null) return <Failed error={job.error} retry={() => void job.refetch()} />;
  if (job.data === undefined) return <Loading />;
  const { data } = job;
  const state = data.status;
  return (
    <Page
      title={data.reason === "" ? t("replays.one") : data.reason}
      badge={<Badge tone={TASK_TONES[state]}>{t(`replays.states.${state}`)}</Badge>}
      crumbs={crumbs}
      {...(can("CreateAttempts") ? { actions: <Controls app={app} job={data} /> } : {})}
    >
      {data.error !== null && <Note tone="bad">{data.error}</Note>}
      {data.progress.waiting && <Note>{t("replays.waiting")}</Note>}
      <Columns>
        <ReplayProgress job={data} />
        <ReplaySelection app={app} job={data} />
      </Columns>
      <ReplayEndpoints app={app} job={data} />
    </Page>
  );
}

function load(app: string | null, replay_id: string): Promise<Job> {
  if (app === null) return must(api.GET("/api/v1/replay/{replay_id}", { params: { path: { replay_id } } }));
  return must(api.GET("/api/v1/app/{app_id}/replay/{replay_id}", { params: { path: { app_id: app, replay_id } } }));
}

async function control(app: string | null, replay_id: string, verb: "pause" | "resume" | "cancel"): Promise<void> {
  if (app === null) await must(api.POST(`/api/v1/replay/{replay_id}/${verb}`, { params: { path: { replay_id } } }));
  else {
    const path = { app_id: app, replay_id };
    await must(api.POST(`/api/v1/app/{app_id}/replay/{replay_id}/${verb}`, { params: { path } }));
  }
}

function Controls({ app, job }: { readonly app: string | null; readonly job: Job }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ["replay", app, job.id] });
  const pause = useMutation({
    mutationFn: () => control(app, job.id, "pause"),
    onSettled: refresh,
  });
  const resume = useMutation({
    mutationFn: () => control(app, job.id, "resume"),
    onSettled: refresh,
  });
  const cancel = async (): Promise<void> => {
    await control(app, job.id, "cancel");
    await refresh();
  };
  if (job.endedAt !== null) return null;
  return (
    <>
      {job.status === "paused" ? (
        <Button needs="messages:replay" onClick={() => resume.mutate()} disabled={resume.isPending}>
          <Play aria-hidden />
          {t("replays.resume")}
        </Button>
      ) : (
        <Button needs="messages:replay" onClick={() => pause.mutate()} disabled={pause.isPending}>
          <Pause aria-hidden />
          {t("replays.pause")}
        </Button>
      )}
      <Confirm
        needs="messages:replay"
        trigger={<Button kind="danger">{t("replays.cancel")}</Button>}
        title={t("replays.cancelTitle")}
        text={t("replays.cancelText")}
        action={t("replays.cancel")}
        danger
        onConfirm={cancel}
      />
    </>
  );
}

function ReplayProgress({ job }: { readonly job: Job }) {
  const { t, i18n } = useTranslation();
  const { progress } = job;
  const count = (value: number): string => formatNumber(i18n.language, value);
  return (
    <Card title={t("replays.progress")}>
      <Progress percent={progress.percent} label={t("replays.progress")} />
      <Facts
        facts={[
          [t("replays.sent"), count(progress.sent)],
          [t("replays.matched"), count(progress.matched)],
          [t("replays.scanned"), count(progress.scanned)],
          [t("replays.payloadGone"), count(progress.skipped.payloadGone)],
          [t("replays.alreadyDue"), count(progress.skipped.alreadyDue)],
          [t("replays.delivered"), count(progress.skipped.otherStatus.success)],
          [
            t("replays.left"),
            progress.secondsLeft === null || job.endedAt !== null
              ? "–"
              : formatDuration(i18n.language, progress.secondsLeft * 1000),
          ],
        ]}
      />
    </Card>
  );
}

function ReplaySelection({ app, job }: { readonly app: string | null; readonly job: Job }) {
  const { t } = useTranslation();
  const audience = useAudience();
  const { parameters } = job;
  return (
    <Card title={t("replays.what")}>
      <Facts
        facts={[
          ...(audience.kind === "portal"
            ? []
            : [
                [
                  t("applications.one"),
                  app === null ? (
                    t("replays.allApps")
                  ) : (
                    <Link key="app" to="/applications/$app" params={{ app }}>
                      <ApplicationName app={app} />
                    </Link>
                  ),
                ] as const,
              ]),
          ...(app === null ? acrossFacts(t, parameters) : []),
          [
            t("filters.range"),
            <span key="range">
              <Time at={parameters.since} /> – <Time at={parameters.until} />
            </span>,
          ],
          [
            t("replays.statuses"),
            <Tags
              key="statuses"
              names={parameters.statuses?.map((status) => t(`replays.statusNames.${status}`))}
              none={t("replays.any")}
            />,
          ],
          [t("messages.type"), <Tags key="types" names={parameters.eventTypes} none={t("replays.any")} />],
          [t("replays.target"), parameters.target === null ? t("replays.sameEndpoint") : targetOf(job)],
          [
            t("replays.rate"),
            parameters.ratePerSecond === null ? t("replays.asFast") : String(parameters.ratePerSecond),
          ],
          [t("replays.by"), <Requester key="by" id={job.requestedBy} name={job.requestedByName} />],
          [t("replays.started"), <Time key="at" at={job.createdAt} />],
          [t("replays.ended"), <Time key="end" at={job.endedAt} />],
        ]}
      />
    </Card>
  );
}

function acrossFacts(t: TFunction, { hosts, causes }: Job["parameters"]): readonly (readonly [string, ReactNode])[] {
  return [
    [t("replays.hosts"), <Tags key="hosts" names={hosts} none={t("replays.any")} />],
    [
      t("replays.causes"),
      <Tags key="causes" names={causes?.map((cause) => causeText(t, cause))} none={t("replays.any")} />,
    ],
  ];
}

/** URL that the messages are sent to. */
function targetOf({ parameters: { target }, endpoints }: Job): string {
  return target?.url ?? endpoints.find(({ endpointId }) => endpointId === target?.endpointId)?.url ?? "–";
}

function ReplayEndpoints({ app, job }: { readonly app: string | null; readonly job: Job }) {
  const { t, i18n } = useTranslation();
  const audience = useAudience();
  return (
    <Section title={t("endpoints.title")}>
      <Table
        label={t("endpoints.title")}
        list={fixedList(job.endpoints)}
        rowKey={(row) => row.endpointId}
        linked
        empty={t("replays.noParts")}
        columns={[
          {
            key: "endpoint",
            label: t("endpoints.one"),
            cell: (row) => (
              <Link {...audience.endpoint(app ?? row.appId, row.endpointId)} title={row.url}>
                <Url url={row.url} />
              </Link>
            ),
          },
          ...(app === null ? [{ key: "app", label: t("applications.one"), cell: (row: Part) => row.appName }] : []),
          {
            key: "state",
            label: t("endpoints.state"),
            cell: (row) => (
              <Badge tone={row.done ? "good" : "info"}>
                {t(row.endpointGone ? "replays.gone" : row.done ? "replays.states.finished" : "replays.states.running")}
              </Badge>
            ),
          },
          {
            key: "matched",
            label: t("replays.matched"),
            end: true,
            cell: (row) => formatNumber(i18n.language, row.matched),
          },
          { key: "sent", label: t("replays.sent"), end: true, cell: (row) => formatNumber(i18n.language, row.sent) },
        ]}
      />
    </Section>
  );
}
