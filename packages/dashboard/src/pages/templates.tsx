/** Gallery of templates, by field of use. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Tags } from "../components/badge.tsx";
import { Input } from "../components/input.tsx";
import { Page, Section } from "../components/page.tsx";
import { Empty, Failed, Loading } from "../components/state.tsx";
import { type Template, useTemplates } from "../parts/use-templates.ts";
import styles from "./templates.module.css";

export function Templates() {
  const { t } = useTranslation();
  const { templates, error, refetch } = useTemplates();
  const [query, setQuery] = useState("");
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const found = (templates ?? []).filter(({ id, title, summary, categoryTitle }) => {
    const text = `${id} ${title} ${summary} ${categoryTitle}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <Page title={t("templates.title")} lead={t("templates.lead")}>
      <Input label={t("templates.search")} value={query} onChange={setQuery} />
      <p className="visually-hidden" role="status">
        {t("templates.found", { count: found.length })}
      </p>
      {error !== null && <Failed error={error} retry={() => void refetch()} />}
      {templates === undefined && error === null && <Loading />}
      {templates !== undefined && found.length === 0 && <Empty>{t("templates.none")}</Empty>}
      {[...Map.groupBy(found, ({ category }) => category)].map(([category, members]) => (
        <Section key={category} title={t(`templates.categories.${category}`)}>
          <ul className={styles["cards"]}>
            {members.map((template) => (
              <li key={template.id}>
                <Card template={template} />
              </li>
            ))}
          </ul>
        </Section>
      ))}
    </Page>
  );
}

function Card({ template }: { readonly template: Template }) {
  const { t } = useTranslation();
  const { id, title, summary, creates, available } = template;
  const { source, watch, endpoint } = creates;
  const parts = [
    source === null ? t("templates.eventTypes") : t("templates.source"),
    ...(watch === null ? [] : [t("templates.watch")]),
    t("templates.endpoint"),
    ...(endpoint.transformation ? [t("templates.transformation")] : []),
  ];
  return (
    <article className={styles["card"]}>
      <h3>
        <Link to="/templates/$template" params={{ template: id }}>
          {title}
        </Link>
      </h3>
      <p className="muted">{summary}</p>
      <Tags names={parts} />
      {!available && <p className="muted">{t("templates.unavailable")}</p>}
    </article>
  );
}
