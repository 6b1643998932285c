import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";

type Declared = components["schemas"]["TemplateOut"];
type Translate = (text: string) => string;

/** A template with its texts in the language of the page. */
export type Template = Declared;

/** The templates of this server, in the language of the page. */
export function useTemplates() {
  const { language } = useTranslation().i18n;
  const { data, error, refetch } = useQuery({
    queryKey: ["templates"],
    queryFn: () => must(api.GET("/api/v1/template")),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const german = useQuery({
    queryKey: ["template-texts", language],
    queryFn: () => (language === "de" ? import("../i18n/de/templates.ts") : Promise.resolve(null)),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const texts = german.data;
  const templates = useMemo(() => {
    if (texts === undefined) return undefined;
    return data?.data.map((template) =>
      texts === null ? template : translated(template, (text) => texts.germanTemplateText(text) ?? text),
    );
  }, [data, texts]);
  return { templates, error: error ?? german.error, refetch };
}

function translated(template: Declared, of: Translate): Template {
  const { title, categoryTitle, summary, needs, setup, fields, examples } = template;
  return {
    ...template,
    title: of(title),
    categoryTitle: of(categoryTitle),
    summary: of(summary),
    needs: needs.map(of),
    setup: setup.map(of),
    examples: examples.map((example) => ({ ...example, title: of(example.title) })),
    fields: fields.map((field) => ({
      ...field,
      label: of(field.label),
      help: of(field.help),
      // Created objects get the title as their name.
      ...(field.name === "name" && field.default === title ? { default: of(title) } : {}),
    })),
  };
}
