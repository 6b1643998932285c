import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { KIND_TEXTS } from "../i18n/i18n.ts";
import { type DeclaredKind, type KindTexts, localKind, type LocalKind, type Localised } from "../lib/kind-texts.ts";

/** Load the texts of a language. English texts are those of the declarations. */
const TEXTS: Readonly<Record<string, () => Promise<KindTexts>>> = {
  de: () => import("../i18n/de/kinds.ts"),
  fr: () => import("../i18n/fr/kinds.ts"),
  es: () => import("../i18n/es/kinds.ts"),
};

export type SourceKind = components["schemas"]["SourceKindOut"];
export type LocalSourceKind = Localised<SourceKind>;

/** The kinds of this server, with their texts in the language of the page; `undefined` while loading. */
export function useDestinationKinds(): readonly LocalKind[] | undefined {
  return useKinds("destination-kinds", () => must(api.GET("/api/v1/destination-kinds")));
}

/** One kind; `undefined` while loading, or if this server does not know it. */
export function useDestinationKind(name: string): LocalKind | undefined {
  return useDestinationKinds()?.find(({ kind }) => kind === name);
}

/** Kinds of sources. */
export function useSourceKinds(): readonly LocalSourceKind[] | undefined {
  return useKinds("source-kinds", () => must(api.GET("/ingest/api/v1/source-kinds")));
}

export function useSourceKind(name: string): LocalSourceKind | undefined {
  return useSourceKinds()?.find(({ kind }) => kind === name);
}

function useKinds<Kind extends DeclaredKind>(
  key: string,
  load: () => Promise<{ readonly data: readonly Kind[] }>,
): readonly Localised<Kind>[] | undefined {
  const { i18n } = useTranslation();
  const { language } = i18n;
  const kinds = useQuery({ queryKey: [key], queryFn: load, staleTime: Number.POSITIVE_INFINITY });
  const texts = useQuery({
    queryKey: ["kind-texts", language],
    queryFn: async (): Promise<KindTexts | null> => {
      const own = (i18n.getResourceBundle(language, KIND_TEXTS) ?? {}) as KindTexts["texts"];
      const builtIn = (await TEXTS[language]?.()) ?? { products: [], texts: {}, places: {} };
      return language === "en" ? null : { ...builtIn, texts: { ...builtIn.texts, ...own } };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  return useMemo(
    () => (texts.data === undefined ? undefined : kinds.data?.data.map((kind) => localKind(kind, texts.data))),
    [kinds.data, texts.data],
  );
}
