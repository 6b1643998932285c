/** Compares the body that was sent with the published payload, where a transformation or a format changed it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { ExactMessage } from "../api/message.ts";
import type { components } from "../api/schema.ts";
import { Diff } from "../components/diff.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { prettyLines } from "./payload-text.ts";

type Detail = components["schemas"]["AttemptDetail"];

export interface AttemptRef {
  readonly app: string;
  readonly message: string;
  readonly id: string;
}

export function useAttempt({ app, message, id }: AttemptRef, enabled = true) {
  const path = { app_id: app, msg_id: message, attempt_id: id };
  return useQuery({
    queryKey: ["attempt", app, message, id],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/msg/{msg_id}/attempt/{attempt_id}", { params: { path } })),
    enabled,
  });
}

export interface ChangeProps {
  readonly detail: Detail;
  readonly published: ExactMessage | undefined;
}

/** Renders nothing when the message was sent as published. */
export function Change({ detail, published }: ChangeProps) {
  const { t } = useTranslation();
  if (detail.change === null) return null;
  const { logs, body } = detail.change;
  const before = published?.body ?? null;
  return (
    <>
      {logs !== null && logs.length > 0 && (
        <pre>
          <code>{logs.join("\n")}</code>
        </pre>
      )}
      {body === null && <p className="muted">{t("attempts.notChanged")}</p>}
      {body !== null && before !== null && (
        <Diff
          label={t("diff.title")}
          before={prettyLines({ ...before, contentType: published?.contentType ?? "" }).join("\n")}
          after={prettyLines({
            text: body.text,
            base64: body.encoding === "base64",
            contentType: sentTypeOf(detail),
          }).join("\n")}
        />
      )}
    </>
  );
}

/** Content type of the request; empty when there is none. */
export function sentTypeOf(detail: Detail | null): string {
  return detail?.request?.headers.find(({ name }) => name.toLowerCase() === "content-type")?.value ?? "";
}

/** Timeline step that shows the transformation. Loads its data when it is opened. */
export function Transformed({ app, message, attempt }: { app: string; message: ExactMessage; attempt: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const made = useAttempt({ app, message: message.id, id: attempt }, open);
  const detail = made.data?.detail ?? null;
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("timeline.transformed")}</summary>
      {made.error !== null && <Failed error={made.error} retry={() => void made.refetch()} />}
      {open && made.isPending && <Loading lines={3} />}
      {detail !== null && <Change detail={detail} published={message} />}
    </details>
  );
}
