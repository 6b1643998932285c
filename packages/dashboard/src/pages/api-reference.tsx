import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { must } from "../api/client.ts";
import { CodeBlock } from "../components/code-block.tsx";
import { Input } from "../components/input.tsx";
import { Card, Facts, Page } from "../components/page.tsx";
import { Empty, Failed, Loading } from "../components/state.tsx";
import { type ApiDocument, matchingOperations, type Operation, operationsOf } from "../lib/api-reference.ts";
import { baseUrl } from "../lib/base.ts";
import { ApiOperation } from "../parts/api-operation.tsx";
import { Method } from "../parts/api-method.tsx";
import { readSession } from "../session/session.ts";
import styles from "./api-reference.module.css";

/** The operations of this server, with examples that use the token of the session. */
export function ApiReference() {
  const { t } = useTranslation();
  const { operation: asked } = useSearch({ from: "/operator/reference" });
  const document = useQuery({
    queryKey: ["openapi"],
    queryFn: async ({ signal }) => {
      const result = await fetchDocument(signal);
      return { document: result, operations: operationsOf(result) };
    },
    // It changes only with the server version.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const { data } = document;
  const operation = data?.operations.find(({ id }) => id === asked);
  return (
    <Page title={t("nav.api")} lead={t("apiReference.lead")}>
      {document.error !== null ? (
        <Failed error={document.error} retry={() => void document.refetch()} />
      ) : data === undefined ? (
        <Loading />
      ) : (
        <div className={styles["frame"]}>
          <Operations operations={data.operations} current={operation} />
          {operation === undefined ? (
            <Start />
          ) : (
            <ApiOperation key={operation.id} operation={operation} schemas={data.document.components.schemas} />
          )}
        </div>
      )}
    </Page>
  );
}

function fetchDocument(signal: AbortSignal): Promise<ApiDocument> {
  return must(
    fetch(`${baseUrl()}/api/v1/openapi.json`, { signal }).then(async (response) => ({
      response,
      ...(response.ok ? { data: (await response.json()) as ApiDocument } : { error: await response.text() }),
    })),
  );
}

interface OperationsProps {
  readonly operations: readonly Operation[];
  readonly current: Operation | undefined;
}

/** All operations by tag, or those that match a text. */
function Operations({ operations, current }: OperationsProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [query, setQuery] = useState("");
  const found = matchingOperations(operations, query.trim());
  const byTag = Map.groupBy(found, ({ tag }) => tag);
  return (
    <nav className={styles["operations"]} aria-label={t("apiReference.operations")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const [first] = found;
          if (first !== undefined) void navigate({ to: "/reference", search: { operation: first.id } });
        }}
      >
        <Input
          label={t("apiReference.search")}
          bare
          placeholder={t("apiReference.search")}
          value={query}
          onChange={setQuery}
        />
      </form>
      {found.length === 0 && <Empty>{t("palette.none")}</Empty>}
      {[...byTag].map(([tag, members]) => (
        <Tag
          key={`${tag} ${query === ""} ${current?.tag === tag}`}
          tag={tag}
          operations={members}
          current={current}
          isOpen={query.trim() !== "" || current?.tag === tag}
        />
      ))}
    </nav>
  );
}

interface TagProps extends OperationsProps {
  readonly tag: string;
  readonly isOpen: boolean;
}

function Tag({ tag, operations, current, isOpen }: TagProps) {
  const [open, setOpen] = useState(isOpen);
  return (
    <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary lang="en">{tag}</summary>
      {open && (
        <ul>
          {operations.map(({ id, method, summary }) => (
            <li key={id}>
              <Link
                to="/reference"
                search={{ operation: id }}
                className={styles["link"]}
                aria-current={id === current?.id ? "page" : undefined}
                lang="en"
              >
                <Method method={method} />
                <span>{summary}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}

/** What every call needs. */
function Start() {
  const { t } = useTranslation();
  const token = readSession()?.token ?? null;
  const document = `${baseUrl()}/api/v1/openapi.json`;
  return (
    <Card title={t("apiReference.start")} lead={t("apiReference.startText")}>
      <Facts
        facts={[
          [t("apiReference.baseUrl"), <code key="url">{baseUrl()}</code>],
          [t("apiReference.authentication"), <code key="header">authorization: Bearer …</code>],
          [
            t("apiReference.document"),
            <a key="document" href={document} target="_blank" rel="noreferrer">
              {document}
            </a>,
          ],
        ]}
      />
      {token === null ? (
        <p className="muted">{t("apiReference.noToken")}</p>
      ) : (
        <CodeBlock label={t("signIn.token")} text={token} />
      )}
    </Card>
  );
}
