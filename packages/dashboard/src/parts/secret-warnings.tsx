import { useTranslation } from "react-i18next";
import type { components } from "../api/schema.ts";
import { Note } from "../components/state.tsx";

export type SecretWarning = NonNullable<components["schemas"]["IngestSourceOut"]["warnings"]>[number];

/** Warnings about saved secrets with quotation marks or white space at their ends. */
export function SecretWarnings({ warnings }: { readonly warnings?: readonly SecretWarning[] | undefined }) {
  const { t } = useTranslation();
  return warnings?.map(({ code, field }) => (
    <Note key={`${code} ${field}`} tone="warn">
      {t(`secretWarnings.${code}`, { field })}
    </Note>
  ));
}
