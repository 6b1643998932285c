import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { TextField } from "../components/form.tsx";
import { isSource } from "../lib/source.ts";
import { TypeTree, type KnownType } from "./type-tree.tsx";

const MAX_KNOWN = 250;

/** What an application can be sent: the types that were declared; of a source, those that came in. */
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

/** Which event types an endpoint gets: ticked when they are known, else typed. None is all. */
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

/** Names that were ticked or typed, with commas between them; `null` for none, which is all. Providers' names have spaces. */
export function namesOf(text: string | undefined): string[] | null {
  const names = (text ?? "")
    .split(/[,\n]/)
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return names.length === 0 ? null : names;
}
