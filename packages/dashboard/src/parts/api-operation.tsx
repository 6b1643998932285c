import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Copy } from "../components/copy.tsx";
import { Card } from "../components/page.tsx";
import { type Field, fieldsOf, type Operation, type Schema, typeText } from "../lib/api-reference.ts";
import { inlineParts } from "../lib/inline-markdown.ts";
import { Method } from "./api-method.tsx";
import styles from "./api-operation.module.css";
import { ApiRequest } from "./api-request.tsx";

type Schemas = Readonly<Record<string, Schema>>;

interface OperationProps {
  readonly operation: Operation;
  readonly schemas: Schemas;
}

/** An operation: its description, parameters and response, and a request to try. */
export function ApiOperation({ operation, schemas }: OperationProps) {
  const { t } = useTranslation();
  const { method, path, summary, description, parameters, body, responses } = operation;
  const fields = parameters.map(
    ({ name, in: place, required = false, description: about = "", schema = {} }): Field => {
      return { name, type: `${typeText(schema)} · ${place}`, isRequired: required, description: about, schema: {} };
    },
  );
  return (
    <div className={styles["operation"]}>
      <Card title={summary}>
        <div className={styles["line"]}>
          <Method method={method} />
          <code>{path}</code>
          <Copy text={path} />
        </div>
        <Description text={description} />
      </Card>
      <ApiRequest operation={operation} schemas={schemas} />
      {fields.length > 0 && (
        <Card title={t("apiReference.parameters")}>
          <Fields fields={fields} schemas={schemas} />
        </Card>
      )}
      {body !== null && (
        <Card title={t("apiReference.body")}>
          <Fields fields={fieldsOf(body, schemas)} schemas={schemas} />
        </Card>
      )}
      <Card title={t("apiReference.responses")}>
        {responses.map(({ status, description: about, schema }) => (
          <Nested key={status} schema={schema ?? {}} schemas={schemas}>
            <code>{status}</code> <span lang="en">{about}</span>
          </Nested>
        ))}
      </Card>
    </div>
  );
}

function Description({ text }: { readonly text: string }) {
  if (text === "") return null;
  return (
    <p lang="en" className={styles["description"]}>
      {inlineParts(text).map((part, index) => {
        if (part.kind === "code") return <code key={index}>{part.text}</code>;
        if (part.kind === "emphasis") return <em key={index}>{part.text}</em>;
        return part.text;
      })}
    </p>
  );
}

function Fields({ fields, schemas }: { readonly fields: readonly Field[]; readonly schemas: Schemas }) {
  const { t } = useTranslation();
  if (fields.length === 0) return <p className="muted">{t("apiReference.anyJson")}</p>;
  return (
    <ul className={styles["fields"]}>
      {fields.map(({ name, type, isRequired, description, schema }) => (
        <li key={name}>
          <Nested schema={schema} schemas={schemas}>
            <code className={styles["name"]}>{name}</code> <span className="muted">{type}</span>
            {isRequired && <span className={styles["required"]}>{t("apiReference.required")}</span>}
          </Nested>
          <Description text={description} />
        </li>
      ))}
    </ul>
  );
}

interface NestedProps {
  readonly schema: Schema;
  readonly schemas: Schemas;
  readonly children: React.ReactNode;
}

/** A line that opens to the fields of its schema, if that has any. They are rendered when it opens, because schemas can be recursive. */
function Nested({ schema, schemas, children }: NestedProps) {
  const [open, setOpen] = useState(false);
  const fields = fieldsOf(schema, schemas);
  if (fields.length === 0) return <div className={styles["plain"]}>{children}</div>;
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{children}</summary>
      {open && <Fields fields={fields} schemas={schemas} />}
    </details>
  );
}
