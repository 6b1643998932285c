import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { TextField } from "../components/form.tsx";
import { TypeTree } from "./type-tree.tsx";

export type KnownType = Pick<components["schemas"]["EventTypeOut"], "name" | "description" | "groupName">;

/** Which event types an endpoint gets: ticked when they are known, else typed. None is all. */
export function TypePicker({ value }: { readonly value: readonly string[] }) {
  const { t } = useTranslation();
  const types = useQuery({
    queryKey: ["event-types", "names"],
    queryFn: () => must(api.GET("/api/v1/event-type", { params: { query: { limit: 250 } } })),
  });
  const known = types.data?.data ?? [];
  if (types.data === undefined || known.length === 0) {
    return (
      <TextField
        name="eventTypes"
        label={t("endpoints.types")}
        help={t("endpoints.typesHelp")}
        value={value.join(", ")}
        placeholder="invoice.paid, invoice.failed"
      />
    );
  }
  const names = new Set(known.map(({ name }) => name));
  const others = value.filter((name) => !names.has(name)).map((name) => ({ name, description: "", groupName: null }));
  return <TypeTree key={known.length} types={[...known, ...others]} value={value} />;
}

/** Names that were ticked or typed; `null` for none, which is all. */
export function namesOf(text: string | undefined): string[] | null {
  const names = (text ?? "")
    .split(/[,\s]+/)
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return names.length === 0 ? null : names;
}
