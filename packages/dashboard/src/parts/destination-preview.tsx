import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { AreaField, FormError, TextField } from "../components/form.tsx";
import { type ConfigValue, toConfig } from "../lib/destination-config.ts";
import type { FormKind } from "../lib/kind-texts.ts";
import styles from "./destination.module.css";

const PAUSE_MS = 400;
const SAMPLE_TYPE = "invoice.payment_failed";
const SAMPLE = `{
  "number": "R-1042",
  "amount": 1250,
  "currency": "eur",
  "customer": { "name": "Acme" },
  "message": "The card was declined.",
  "url": "https://example.com/invoices/1042"
}`;

interface Draft {
  readonly config: Record<string, ConfigValue>;
  readonly eventType: string;
  readonly payload: string;
}

const TYPE = "preview.type";
const PAYLOAD = "preview.payload";

/** Card that the destination would show for a sample event. Follows the fields of the form around it. */
export function DestinationPreview({ kind }: { readonly kind: FormKind }) {
  const { t } = useTranslation();
  const root = useRef<HTMLElement>(null);
  const [draft, setDraft] = useState<Draft>({ config: {}, eventType: SAMPLE_TYPE, payload: SAMPLE });
  useEffect(() => {
    const form = root.current?.closest("form");
    if (form === null || form === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = (): void => setDraft(draftOf(kind, form));
    const later = (): void => {
      clearTimeout(timer);
      timer = setTimeout(read, PAUSE_MS);
    };
    form.addEventListener("input", later);
    read();
    return () => {
      clearTimeout(timer);
      form.removeEventListener("input", later);
    };
  }, [kind]);
  const preview = useQuery({
    queryKey: ["destination-preview", kind.kind, draft],
    queryFn: () =>
      must(
        api.POST("/api/v1/destination-kinds/{kind}/preview", {
          params: { path: { kind: kind.kind } },
          body: {
            config: draft.config,
            eventType: draft.eventType,
            payload: JSON.parse(draft.payload) as object as Record<string, never>,
          },
        }),
      ),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const card = preview.data?.card ?? null;
  return (
    <section ref={root} aria-label={t("destinations.preview")} className={styles["fields"]}>
      <p className={styles["name"]}>{t("destinations.preview")}</p>
      <FormError error={preview.error} />
      {card !== null && preview.error === null && <Card card={card} />}
      <details>
        <summary>{t("destinations.sample")}</summary>
        <div className={styles["fields"]}>
          <TextField name={TYPE} label={t("messages.type")} value={SAMPLE_TYPE} />
          <AreaField name={PAYLOAD} label={t("destinations.samplePayload")} value={SAMPLE} rows={7} />
        </div>
      </details>
    </section>
  );
}

function draftOf(kind: FormKind, form: HTMLFormElement): Draft {
  const values: Record<string, string> = {};
  for (const [name, value] of new FormData(form)) if (typeof value === "string") values[name] = value;
  const visible = kind.fields.filter(({ secret }) => !secret);
  return {
    config: toConfig(visible, values),
    eventType: values[TYPE]?.trim() || SAMPLE_TYPE,
    payload: values[PAYLOAD] ?? SAMPLE,
  };
}

type PreviewedCard = NonNullable<components["schemas"]["DestinationPreviewOut"]["card"]>;

function Card({ card }: { readonly card: PreviewedCard }) {
  const { t } = useTranslation();
  const { title, text, fields, fieldsLeftOut, link, severity, footer } = card;
  return (
    <div className={styles["preview"]} data-severity={severity} aria-live="polite">
      <p className={styles["title"]}>{title}</p>
      {text !== "" && <p className={styles["text"]}>{text}</p>}
      {fields.length > 0 && (
        <dl className={styles["facts"]}>
          {fields.map(({ name, value }, index) => (
            <div key={index}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {link !== null && <p className="muted">{t("destinations.link", { link })}</p>}
      <p className="muted">
        {t(`destinations.severity.${severity}`, { defaultValue: severity })}
        {footer === "" ? "" : ` · ${footer}`}
        {fieldsLeftOut > 0 && ` · ${t("destinations.leftOut", { count: fieldsLeftOut })}`}
      </p>
    </div>
  );
}
