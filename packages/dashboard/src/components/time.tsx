import { useTranslation } from "react-i18next";

/** A moment in the reader's zone; the exact one, in UTC, on pointing at it. */
export function Time({ at }: { readonly at: string | null | undefined }) {
  const { t, i18n } = useTranslation();
  if (at === null || at === undefined) return <>{t("time.never")}</>;
  const format = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "medium" });
  return (
    <time dateTime={at} title={at}>
      {format.format(new Date(at))}
    </time>
  );
}
