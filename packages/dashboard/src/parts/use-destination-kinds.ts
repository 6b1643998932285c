import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { type KindTexts, localKind, type LocalKind } from "../lib/kind-texts.ts";

/** The kinds of this server, with their texts in the language of the page; `undefined` while loading. */
export function useDestinationKinds(): readonly LocalKind[] | undefined {
  const { language } = useTranslation().i18n;
  const kinds = useQuery({
    queryKey: ["destination-kinds"],
    queryFn: () => must(api.GET("/api/v1/destination-kinds")),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const texts = useQuery({
    queryKey: ["destination-kind-texts", language],
    queryFn: (): Promise<KindTexts | null> =>
      language === "de" ? import("../i18n/de/kinds.ts") : Promise.resolve(null),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return useMemo(
    () => (texts.data === undefined ? undefined : kinds.data?.data.map((kind) => localKind(kind, texts.data))),
    [kinds.data, texts.data],
  );
}

/** One kind; `undefined` while loading, or if this server does not know it. */
export function useDestinationKind(name: string): LocalKind | undefined {
  return useDestinationKinds()?.find(({ kind }) => kind === name);
}
