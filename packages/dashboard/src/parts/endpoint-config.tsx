import { useTranslation } from "react-i18next";
import { Card, Facts } from "../components/page.tsx";
import type { LocalField } from "../lib/kind-texts.ts";
import type { Endpoint } from "./endpoint-props.ts";
import { useDestinationKind } from "./use-destination-kinds.ts";

/** Configuration of an endpoint of another kind than webhooks. Secrets are masked. */
export function EndpointConfig({ endpoint }: { readonly endpoint: Endpoint }) {
  const { t } = useTranslation();
  const kind = useDestinationKind(endpoint.kind);
  if (kind === undefined || kind.fields.length === 0) return null;
  const valueOf = ({ name, secret, type }: LocalField): string | null => {
    if (secret) return endpoint.configSecrets?.[name] === true ? "••••••••" : null;
    const value = endpoint.config?.[name] ?? null;
    if (type === "boolean") return t(value === true ? "destinations.on" : "destinations.off");
    return (typeof value === "string" && value !== "") || typeof value === "number" ? `${value}` : null;
  };
  const facts = kind.fields.flatMap((field) => {
    const value = valueOf(field);
    return value === null ? [] : [[field.label, <code key={field.name}>{value}</code>] as const];
  });
  if (facts.length === 0) return null;
  return (
    <Card title={t("destinations.config")}>
      <Facts facts={facts} />
    </Card>
  );
}
