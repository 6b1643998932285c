import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { getMessage } from "../api/message.ts";
import { Payload } from "../components/payload.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Headers } from "./headers.tsx";

/** Request line, headers and body of a received request, as a reference for writing a filter. */
export function RequestSample({ source, id }: { readonly source: string; readonly id: string }) {
  const { t } = useTranslation();
  const path = { source_id: source, event_id: id };
  const event = useQuery({
    queryKey: ["source", source, "event", id],
    queryFn: () => must(api.GET("/ingest/api/v1/source/{source_id}/event/{event_id}", { params: { path } })),
  });
  const message = useQuery({
    queryKey: ["message", source, id],
    queryFn: () => getMessage({ app_id: source, msg_id: id }),
  });
  const error = event.error ?? message.error;
  if (error !== null) return <Failed error={error} />;
  if (event.data === undefined || message.data === undefined) return <Loading lines={3} />;
  const { method, path: place, query, headers, contentType } = event.data;
  const { body } = message.data;
  return (
    <details>
      <summary>
        {t("tryIt.request")} <code>{`${method} ${place === "" ? "/" : place}${query === "" ? "" : `?${query}`}`}</code>
      </summary>
      <Headers headers={headers} />
      {body !== null && (
        <Payload label={t("capture.body")} text={body.text} base64={body.base64} contentType={contentType} />
      )}
    </details>
  );
}
