import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { getMessage } from "../api/message.ts";
import { Copy } from "../components/copy.tsx";
import { Facts, Section } from "../components/page.tsx";
import { Payload } from "../components/payload.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { toCurl } from "../lib/curl.ts";
import { Headers } from "./headers.tsx";
import { ReplayTo } from "./replay-to.tsx";

/** A captured request, byte for byte. */
export function CapturedRequest({ source, id }: { readonly source: string; readonly id: string }) {
  const { t } = useTranslation();
  const event = useQuery({
    queryKey: ["capture", source, "event", id],
    queryFn: () =>
      must(
        api.GET("/ingest/api/v1/source/{source_id}/event/{event_id}", {
          params: { path: { source_id: source, event_id: id } },
        }),
      ),
  });
  const message = useQuery({
    queryKey: ["capture", source, "body", id],
    queryFn: () => getMessage({ app_id: source, msg_id: id }),
  });
  const error = event.error ?? message.error;
  if (error !== null) return <Failed error={error} />;
  if (event.data === undefined || message.data === undefined) return <Loading />;
  const { method, path, query, headers, address, contentType, receivedAt } = event.data;
  const { body } = message.data;
  const line = `${method} ${path === "" ? "/" : path}${query === "" ? "" : `?${query}`}`;
  const curl = (): string =>
    toCurl({
      method,
      url: `https://example.com${path}${query === "" ? "" : `?${query}`}`,
      headers,
      body: body?.text ?? null,
    });
  return (
    <>
      <Section
        title={line}
        actions={
          <>
            <Copy label={t("messages.copyCurl")} text={curl} />
            <ReplayTo source={source} at={receivedAt} />
          </>
        }
      >
        <Facts
          facts={[
            [t("messages.time"), <Time key="time" at={receivedAt} />],
            [t("quarantine.from"), <code key="from">{address}</code>],
          ]}
        />
      </Section>
      {body !== null && body.text !== "" ? (
        <Payload label={t("capture.body")} text={body.text} base64={body.base64} contentType={contentType} />
      ) : (
        <p className="muted">{t("capture.noBody")}</p>
      )}
      <Headers headers={headers} />
    </>
  );
}
