/** Fields of a payload, if its event type has a schema that a form can show. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { editableValue, initialValue, objectField } from "../lib/schema-form.ts";
import styles from "./schema-form.module.css";
import { SchemaForm } from "./schema-form.tsx";

export interface PayloadFieldsProps {
  readonly eventType: string;
  /** JSON. */
  readonly payload: string;
  /** Whether the reader has not typed a payload yet. */
  readonly isUnchanged: boolean;
  readonly onPayload: (payload: string) => void;
}

export function PayloadFields({ eventType, payload, isUnchanged, onPayload }: PayloadFieldsProps) {
  const { t } = useTranslation();
  const type = useQuery({
    queryKey: ["event-type", eventType],
    queryFn: () =>
      must(api.GET("/api/v1/event-type/{event_type_name}", { params: { path: { event_type_name: eventType } } })),
    enabled: eventType !== "",
    // Types need not be registered.
    retry: false,
  });
  const schema = Object.values(type.data?.schemas ?? {}).at(-1);
  const field = useMemo(() => objectField(schema), [schema]);
  const started = useRef<string | null>(null);
  useEffect(() => {
    if (field === null || !(isUnchanged || payload === started.current)) return;
    const start = JSON.stringify(initialValue(field), null, 2);
    started.current = start;
    if (payload !== start) onPayload(start);
  }, [field, isUnchanged, payload, onPayload]);
  if (field === null) return null;
  const value = editableValue(payload);
  return (
    <details open className={styles["fields"]}>
      <summary>{t("compose.fields")}</summary>
      <p className="muted">{t(value === undefined ? "compose.fieldsNot" : "compose.fieldsHelp")}</p>
      {value !== undefined && (
        <SchemaForm field={field} value={value} onChange={(next) => onPayload(JSON.stringify(next, null, 2))} />
      )}
    </details>
  );
}
