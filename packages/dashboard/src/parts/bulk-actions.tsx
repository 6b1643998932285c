/** Actions on the selected endpoints of a list. */
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Url } from "../components/url.tsx";
import { BulkAction } from "./bulk-bar.tsx";

interface SelectedEndpoint {
  readonly id: string;
  readonly appId: string;
  readonly url: string;
}

const VERBS = ["pause", "resume", "enable", "disable", "delete"] as const;
type Verb = (typeof VERBS)[number];

export function EndpointBulkActions({ selected }: { readonly selected: readonly SelectedEndpoint[] }) {
  const { t } = useTranslation();
  return VERBS.map((verb) => (
    <BulkAction
      key={verb}
      needs="endpoints:write"
      needsIn="anywhere"
      label={t(`bulk.verbs.${verb}`)}
      title={(count) => t(`bulk.confirm.${verb}`, { count })}
      text={t(`bulk.texts.${verb}`)}
      danger={verb === "delete"}
      selected={selected}
      run={CALLS[verb]}
      nameOf={({ url }) => <Url url={url} />}
      lists={[["endpoints"]]}
    />
  ));
}

const CALLS: Readonly<Record<Verb, (endpoint: SelectedEndpoint) => Promise<unknown>>> = {
  pause: (one) =>
    must(api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/pause", { params: { path: pathOf(one) }, body: {} })),
  resume: (one) =>
    must(api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/resume", { params: { path: pathOf(one) } })),
  enable: (one) =>
    must(
      api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/enable", {
        params: { path: pathOf(one) },
        body: { held: "replay" },
      }),
    ),
  disable: (one) =>
    must(
      api.PATCH("/api/v1/app/{app_id}/endpoint/{endpoint_id}", {
        params: { path: pathOf(one) },
        body: { disabled: true },
      }),
    ),
  delete: (one) => must(api.DELETE("/api/v1/app/{app_id}/endpoint/{endpoint_id}", { params: { path: pathOf(one) } })),
};

function pathOf({ appId, id }: SelectedEndpoint) {
  return { app_id: appId, endpoint_id: id };
}
