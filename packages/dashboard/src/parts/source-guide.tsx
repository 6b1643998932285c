import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Card } from "../components/page.tsx";
import { docsPath } from "../lib/base.ts";
import { inlineParts } from "../lib/inline-markdown.ts";
import type { Source } from "../lib/source-form.ts";
import styles from "./source-guide.module.css";
import { useSourceTypes } from "./use-source-types.ts";

interface SourceGuideProps {
  readonly source: Source;
}

/** Steps at the provider of a source that has not received anything yet. Their texts are those of the documentation. */
export function SourceGuide({ source }: SourceGuideProps) {
  const { t, i18n } = useTranslation();
  const translated = useProviderSteps(i18n.language);
  const types = useSourceTypes();
  const docs = docsPath();
  const type = types?.find((one) => one.type === source.type);
  if (type === undefined || type.steps.length === 0) return null;
  return (
    <Card
      title={t("sourceGuide.title", { provider: type.name })}
      lead={t("sourceGuide.lead")}
      actions={
        docs !== null && (
          <a href={`${docs}/receiving/${type.type}`} target="_blank" rel="noreferrer">
            {t("sourceGuide.docs")}
          </a>
        )
      }
    >
      <ol className={styles["steps"]}>
        {type.steps.map((step) => {
          const own = Object.hasOwn(translated, step) ? translated[step] : undefined;
          return (
            <li key={step} lang={own === undefined ? "en" : undefined}>
              <Sentence text={own ?? step} />
            </li>
          );
        })}
      </ol>
      <p role="status" className="muted">
        {t("sourceGuide.waiting")}
      </p>
    </Card>
  );
}

/** Translations of steps, by their English text. */
function useProviderSteps(language: string): Readonly<Record<string, string>> {
  const { data } = useQuery({
    queryKey: ["provider-steps", language],
    queryFn: async (): Promise<Readonly<Record<string, string>>> =>
      language === "de" ? (await import("../i18n/de/provider-steps.ts")).texts : {},
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data ?? {};
}

function Sentence({ text }: { readonly text: string }) {
  return inlineParts(text).map((part, index) => {
    if (part.kind === "link") {
      return (
        <a key={index} href={part.href} target="_blank" rel="noreferrer">
          {part.text}
        </a>
      );
    }
    if (part.kind === "emphasis") return <strong key={index}>{part.text}</strong>;
    return part.kind === "code" ? <code key={index}>{part.text}</code> : part.text;
  });
}
