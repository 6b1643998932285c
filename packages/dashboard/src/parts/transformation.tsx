/** Transformation of an endpoint, with a form to test it on a past message. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ApiError, must } from "../api/client.ts";
import { getMessage } from "../api/message.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { Diff } from "../components/diff.tsx";
import { FormError, SwitchField } from "../components/form.tsx";
import formStyles from "../components/form.module.css";
import { Card, Columns } from "../components/page.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import type { CodeFault } from "../editor/problems.ts";
import { CodeArea } from "./code-area.tsx";
import { prettyLines } from "./payload-text.ts";
import { SamplePicker } from "./sample-picker.tsx";
import { UnsavedChanges } from "./unsaved-changes.tsx";
import { useFilterPaths } from "./use-filter-paths.ts";
import { routesKey } from "./use-routes.ts";

type Tried = components["schemas"]["EndpointTryOut"];

const EXAMPLE = `function handler(webhook) {
  webhook.payload.source = "webhook";
  return webhook;
}`;

export interface TransformationProps {
  readonly app: string;
  readonly id: string;
}

export function Transformation({ app, id }: TransformationProps) {
  const path = { app_id: app, endpoint_id: id };
  const stored = useQuery({
    queryKey: ["transformation", app, id],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/transformation", { params: { path } })),
  });
  if (stored.error !== null) return <Failed error={stored.error} retry={() => void stored.refetch()} />;
  if (stored.data === undefined) return <Loading />;
  return <Editor app={app} id={id} stored={stored.data} />;
}

interface EditorProps extends TransformationProps {
  readonly stored: components["schemas"]["EndpointTransformationOut"];
}

function Editor({ app, id, stored }: EditorProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [code, setCode] = useState(stored.code ?? "");
  const [enabled, setEnabled] = useState(stored.enabled);
  const path = { app_id: app, endpoint_id: id };
  const paths = useFilterPaths(app, NO_TYPES, []);
  const isChanged = code !== (stored.code ?? "") || enabled !== stored.enabled;
  const save = useMutation({
    mutationFn: () =>
      must(
        api.PATCH("/api/v1/app/{app_id}/endpoint/{endpoint_id}/transformation", {
          params: { path },
          body: code.trim() === "" ? { code: null } : { code, enabled },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["transformation", app, id] });
      await queries.invalidateQueries({ queryKey: routesKey(app) });
    },
  });
  return (
    <Columns>
      <Card title={t("transformation.title")} lead={t("transformation.lead")}>
        <SwitchField label={t("transformation.enabled")} checked={enabled} onChange={setEnabled} />
        <CodeArea
          label={t("transformation.code")}
          help={t("transformation.help")}
          rows={14}
          value={code}
          onChange={(changed) => {
            setCode(changed);
            // The errors refer to the previous code.
            save.reset();
          }}
          placeholder={EXAMPLE}
          language="javascript"
          subject="transformation"
          paths={paths.map(({ value }) => value)}
          faults={codeFaults(save.error)}
          invalid={save.error !== null}
        />
        <FormError error={save.error} />
        <div className={formStyles["foot"]}>
          {save.isSuccess && <span role="status">{t("actions.saved")}</span>}
          {code === "" && (
            <Button needs="endpoints:write" onClick={() => setCode(EXAMPLE)}>
              {t("transformation.example")}
            </Button>
          )}
          <Button needs="endpoints:write" kind="primary" onClick={() => save.mutate()} disabled={save.isPending}>
            {t("actions.save")}
          </Button>
        </div>
      </Card>
      <TryIt app={app} id={id} code={code} />
      <UnsavedChanges when={isChanged && !save.isPending} />
    </Columns>
  );
}

const NO_TYPES: readonly string[] = [];

/** Errors in the code, with the line that the server names. */
function codeFaults(error: Error | null): readonly CodeFault[] {
  const faults = error instanceof ApiError ? error.faults : [];
  return faults.flatMap(({ loc, msg }) => {
    if (loc[1] !== "code") return [];
    const line = /\(line (\d+)\)/.exec(msg)?.[1];
    return [{ message: msg, ...(line === undefined ? {} : { line: Number(line) }) }];
  });
}

function TryIt({ app, id, code }: TransformationProps & { readonly code: string }) {
  const { t } = useTranslation();
  const [message, setMessage] = useState("");
  const run = useMutation({
    mutationFn: async () => {
      const [published, tried] = await Promise.all([
        getMessage({ app_id: app, msg_id: message }),
        must(
          api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/try", {
            params: { path: { app_id: app, endpoint_id: id } },
            body: { message, code: code.trim() === "" ? null : code },
          }),
        ),
      ]);
      return { published, tried };
    },
  });
  return (
    <Card title={t("tryIt.transformation")} lead={t("tryIt.lead")}>
      <SamplePicker app={app} value={message} onChange={setMessage} />
      <div>
        <Button needs="payloads:read" onClick={() => run.mutate()} disabled={message === "" || run.isPending}>
          {t("tryIt.run")}
        </Button>
      </div>
      <FormError error={run.error} />
      {run.data !== undefined && (
        <Outcome
          tried={run.data.tried}
          before={run.data.published.body?.text ?? ""}
          contentType={run.data.published.contentType}
        />
      )}
    </Card>
  );
}

interface OutcomeProps {
  readonly tried: Tried;
  readonly before: string;
  readonly contentType: string;
}

function Outcome({ tried, before, contentType }: OutcomeProps) {
  const { t } = useTranslation();
  const { outcome, error, logs, request, match } = tried;
  const tone = outcome === "deliver" ? "good" : outcome === "fail" ? "bad" : "warn";
  return (
    <>
      <Note tone={tone}>
        <strong>{t(`transformation.outcomes.${outcome}`)}</strong>
        <br />
        {error === null ? match.message : error.message}
        {error !== null && error.line !== null && ` (${t("transformation.line", { line: error.line })})`}
      </Note>
      {logs.length > 0 && (
        <pre>
          <code>{logs.join("\n")}</code>
        </pre>
      )}
      {request !== null && (
        <Diff
          label={t("diff.title")}
          before={pretty(before, contentType)}
          after={pretty(request.body.text, request.contentType)}
        />
      )}
    </>
  );
}

function pretty(text: string, contentType: string): string {
  return prettyLines({ text, contentType, base64: false }).join("\n");
}
