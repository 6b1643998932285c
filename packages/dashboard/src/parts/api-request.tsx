import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { authorized, noteRefusal, rethrow } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { Confirm } from "../components/dialog.tsx";
import { FormError } from "../components/form.tsx";
import { Input } from "../components/input.tsx";
import { Card } from "../components/page.tsx";
import { exampleOf, type Operation, requestOf, type Schema } from "../lib/api-reference.ts";
import { baseUrl } from "../lib/base.ts";
import { toCurl } from "../lib/curl.ts";
import { httpStatus } from "../lib/http-status.ts";
import { readSession } from "../session/session.ts";
import styles from "./api-operation.module.css";
import { CodeArea } from "./code-area.tsx";

interface RequestProps {
  readonly operation: Operation;
  readonly schemas: Readonly<Record<string, Schema>>;
}

/** Characters of a response that are shown. */
const MAX_SHOWN = 100_000;
const TIMEOUT_MS = 30_000;

/** A request to fill in, to copy, and to send to this server with the session. */
export function ApiRequest({ operation, schemas }: RequestProps) {
  const { t } = useTranslation();
  const { method, parameters, body, canBeTried, needsToken } = operation;
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [text, setText] = useState(() => (body === null ? "" : JSON.stringify(exampleOf(body, schemas), null, 2)));
  const { url, headers } = requestOf(operation, { server: baseUrl(), values });
  const send = useMutation({
    mutationFn: () => call({ method, url, headers, body: body === null ? null : text, needsToken }),
  });
  const missing = parameters.filter(({ name, in: place }) => place === "path" && (values[name] ?? "") === "");
  // All other methods can change something, including a customer's production data.
  const isSafe = method === "GET";
  const button = (
    <Button
      kind={method === "DELETE" ? "danger" : "primary"}
      disabled={missing.length > 0 || send.isPending}
      {...(isSafe ? { onClick: () => send.mutate() } : {})}
    >
      {t("apiReference.send")}
    </Button>
  );
  return (
    <Card title={t("apiReference.request")}>
      {parameters.length > 0 && (
        <div className={styles["inputs"]}>
          {parameters.map(({ name, in: place }) => (
            <Input
              key={name}
              label={name}
              value={values[name] ?? ""}
              required={place === "path"}
              onChange={(value) => setValues({ ...values, [name]: value })}
            />
          ))}
        </div>
      )}
      {body !== null && (
        <CodeArea label={t("apiReference.body")} language="json" value={text} onChange={setText} rows={8} />
      )}
      <CodeBlock label="curl" text={curlOf({ method, url, headers, body: body === null ? null : text })} />
      {canBeTried ? (
        <div>
          {!isSafe && missing.length === 0 ? (
            <Confirm
              trigger={button}
              title={t("apiReference.confirm")}
              text={`${method} ${url}`}
              action={t("apiReference.send")}
              danger={method === "DELETE"}
              onConfirm={() => send.mutateAsync()}
            />
          ) : (
            button
          )}
        </div>
      ) : (
        <p className="muted">{t("apiReference.stream")}</p>
      )}
      <FormError error={send.error} />
      {send.data !== undefined && (
        <div role="status">
          <p>
            <strong>{`HTTP ${httpStatus(send.data.status)}`}</strong>{" "}
            <span className="muted">{t("apiReference.duration", { value: send.data.ms })}</span>
          </p>
          {send.data.text !== "" && <CodeBlock label={t("apiReference.response")} text={send.data.text} />}
        </div>
      )}
    </Card>
  );
}

interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

const JSON_HEADER = { "content-type": "application/json" };

function curlOf({ method, url, headers, body }: Call): string {
  const all = { ...headers, ...(body === null ? {} : JSON_HEADER) };
  const token = readSession()?.token ?? null;
  const given = Object.entries({ ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...all });
  const command = toCurl({ method, url, headers: given.map(([name, value]) => ({ name, value })), body });
  // In double quotes, so that the shell expands the variable.
  return token === null ? `${command} \\\n  -H "authorization: Bearer $POSTHORN_TOKEN"` : command;
}

interface Reply {
  readonly status: number;
  readonly ms: number;
  /** JSON is indented. */
  readonly text: string;
}

async function call({
  method,
  url,
  headers,
  body,
  needsToken,
}: Call & { readonly needsToken: boolean }): Promise<Reply> {
  const startedAt = performance.now();
  const request = new Request(url, {
    method,
    headers: { ...headers, ...(body === null ? {} : JSON_HEADER) },
    ...(body === null ? {} : { body }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const response = await fetch(authorized(request)).catch(rethrow);
  if (needsToken) noteRefusal(response);
  const text = await response.text();
  return {
    status: response.status,
    ms: Math.round(performance.now() - startedAt),
    text: indented(text).slice(0, MAX_SHOWN),
  };
}

/** Indented JSON. Other text, and JSON whose numbers would change, is returned unchanged. */
function indented(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text ? JSON.stringify(value, null, 2) : text;
  } catch {
    return text;
  }
}
