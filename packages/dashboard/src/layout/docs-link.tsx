import { useTranslation } from "react-i18next";

/** Link to documentation in an empty state. `href` is `null` if there is none. */
export function DocsLink({ href }: { readonly href: string | null }) {
  const { t } = useTranslation();
  if (href === null) return null;
  return (
    <a href={href} className="linked" target="_blank" rel="noreferrer">
      {t("list.docs")}
    </a>
  );
}
