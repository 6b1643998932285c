import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { TextField } from "../components/form.tsx";
import { isSource } from "../lib/source.ts";
import { TypeTree, type KnownType } from "./type-tree.tsx";

const MAX_KNOWN = 250;

/** Event types to choose from: declared types for an application, received types for a source. */
function knownTypes(app: string): Promise<readonly KnownType[]> {
  const query = { limit: MAX_KNOWN };
  if (!isSource(app)) return must(api.GET("/api/v1/event-type", { params: { query } })).then(({ data }) => data);
  return must(
    api.GET("/ingest/api/v1/source/{source_id}/catalogue", { params: { path: { source_id: app }, query } }),
  ).then(({ data }) => data.map(({ eventType }) => ({ name: eventType, description: "", groupName: null })));
}

export interface TypePickerProps {
  readonly app: string;
  readonly value: readonly string[];
}

/** Selects the event types of an endpoint: a tree of checkboxes, or a text field when no types are known. None means all. */
export function TypePicker({ app, value }: TypePickerProps) {
  const { t } = useTranslation();
  const types = useQuery({
    queryKey: ["known-types", isSource(app) ? app : "declared"],
    queryFn: () => knownTypes(app),
  });
  const known = types.data ?? [];
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

/** Parses comma-separated names; `null` for none, which means all. Names of some providers contain spaces. */
export function namesOf(text: string | undefined): string[] | null {
  const names = (text ?? "")
    .split(/[,\n]/)
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return names.length === 0 ? null : names;
}
