import { useTranslation } from "react-i18next";

export interface RequesterProps {
  /** As in the API: ID of a user, an API key or the organisation, or an application with the session of its token. */
  readonly id: string;
  readonly name: string | null;
}

/** Who asked for something, by name where there is one. The tooltip has the ID. */
export function Requester({ id, name }: RequesterProps) {
  const { t } = useTranslation();
  const known = id.startsWith("org_") ? t("replays.byToken") : id.startsWith("app_") ? t("replays.byPortal") : id;
  return <span title={id}>{name ?? known}</span>;
}
