/** Compares the payload of a message with that of another message, by default the one before it of the same type. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { type ExactMessage, getMessage } from "../api/message.ts";
import type { components } from "../api/schema.ts";
import { Diff } from "../components/diff.tsx";
import { MAX_SHOWN, type Option, type OptionSource } from "../components/options.ts";
import { Card } from "../components/page.tsx";
import { PickField } from "../components/pick-field.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { timeText } from "../components/time.tsx";
import { readClock } from "../lib/clock.ts";
import { usePayloadView } from "../lib/payload-view.ts";
import { prettyLines } from "./payload-text.ts";

export interface MessageComparisonProps {
  readonly app: string;
  readonly message: ExactMessage;
}

export function MessageComparison({ app, message }: MessageComparisonProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  if (message.body === null) return null;
  return (
    <Card title={t("messages.compare")} lead={t("messages.compareLead")}>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{t("attempts.showDifferences")}</summary>
        {open && <Comparison app={app} message={message} />}
      </details>
    </Card>
  );
}

function Comparison({ app, message }: MessageComparisonProps) {
  const { t, i18n } = useTranslation();
  const source = messagesBefore(app, message, (at) => timeText(i18n.language, Date.parse(at), readClock()));
  const before = useQuery({
    queryKey: ["message", app, message.id, "before"],
    queryFn: ({ signal }) => source.find("", signal),
  });
  const [chosen, setChosen] = useState<string | null>(null);
  const other = chosen ?? before.data?.[0]?.value ?? "";
  if (before.isPending) return <Loading lines={2} />;
  return (
    <>
      <PickField source={source} label={t("messages.compareWith")} value={other} onChange={setChosen} />
      {other === "" ? (
        <Note>{t("messages.compareNone")}</Note>
      ) : (
        <Difference app={app} message={message} other={other} />
      )}
    </>
  );
}

function Difference({ app, message, other }: MessageComparisonProps & { readonly other: string }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery({
    queryKey: ["message", app, other],
    queryFn: () => getMessage({ app_id: app, msg_id: other }),
    // Payloads do not change, and the audit log has an entry for each time that they are read.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const isHidden = usePayloadView() === "none";
  if (error !== null) return <Failed error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading lines={3} />;
  if (isHidden) return <Note>{t("payload.hidden")}</Note>;
  const before = textOf(data);
  const after = textOf(message);
  if (before === null || after === null) return <Note tone="warn">{t("messages.gone")}</Note>;
  if (before === after) return <Note tone="good">{t("messages.compareSame")}</Note>;
  return <Diff label={t("messages.payload")} before={before} after={after} />;
}

function textOf({ body, contentType }: ExactMessage): string | null {
  return body === null ? null : prettyLines({ ...body, contentType }).join("\n");
}

type Found = components["schemas"]["FoundMessageOut"];

/** Messages of the same type that are older than this one; any other of the application by its ID. */
function messagesBefore(
  app: string,
  { id, eventType }: Pick<ExactMessage, "id" | "eventType">,
  textOfTime: (at: string) => string,
): OptionSource {
  const option = (found: Pick<Found, "id" | "eventType" | "eventId" | "timestamp">): Option => ({
    value: found.id,
    label: `${found.eventType} · ${textOfTime(found.timestamp)}`,
    uid: found.eventId,
    detail: found.eventId ?? found.id,
  });
  const find = async (query: Record<string, unknown>, signal?: AbortSignal): Promise<readonly Option[]> => {
    const { data } = await must(
      api.GET("/api/v1/message", {
        params: { query: { app_id: app, limit: MAX_SHOWN, ...query } },
        // The API takes event types as a comma-separated list.
        querySerializer: { array: { style: "form", explode: false } },
        ...(signal === undefined ? {} : { signal }),
      }),
    );
    return data.filter((found) => found.id !== id).map(option);
  };
  return {
    key: ["messages", app, id],
    find: (query, signal) =>
      find(query === "" ? { event_types: [eventType], iterator: id } : { message_id: query }, signal),
    resolve: async (value) => (await find({ message_id: value }))[0] ?? null,
    accepts: (text) => /^msg_\w+$/.test(text),
  };
}
