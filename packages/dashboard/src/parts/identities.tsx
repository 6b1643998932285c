/** Identity providers in the profile: connected ones, and those that can be connected. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { ErrorText } from "../components/error-text.tsx";
import { ListSection } from "../components/list-page.tsx";
import { Time } from "../components/time.tsx";

/** Not shown if the server has no identity providers. */
export function Identities({ email }: { readonly email: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const offered = useQuery({
    queryKey: ["offered-providers", email],
    queryFn: () => must(api.GET("/api/v1/sign-in/provider", { params: { query: { email } } })),
  });
  const list = useList(["identities"], async () => ({
    ...(await must(api.GET("/api/v1/profile/identity"))),
    done: true,
  }));
  const connect = useMutation({
    mutationFn: (provider: string) => must(api.POST("/api/v1/sign-in/provider/connect", { body: { provider } })),
    onSuccess: ({ url }) => location.assign(url),
  });
  const disconnect = async (id: string): Promise<void> => {
    await must(api.DELETE("/api/v1/profile/identity/{identity_id}", { params: { path: { identity_id: id } } }));
    await queries.invalidateQueries({ queryKey: ["identities"] });
  };
  const providers = offered.data?.data ?? [];
  if (providers.length === 0 && list.rows.length === 0) return null;
  return (
    <ListSection
      title={t("identities.title")}
      lead={t("identities.lead")}
      actions={providers.map(({ id, name }) => (
        <Button key={id} disabled={connect.isPending} onClick={() => connect.mutate(id)}>
          {t("identities.connect", { name })}
        </Button>
      ))}
      list={list}
      rowKey={({ id }) => id}
      empty={t("identities.none")}
      columns={[
        {
          key: "provider",
          label: t("passkeys.name"),
          cell: ({ provider, email: of }) => (
            <>
              <strong>{provider}</strong>
              {of !== null && <div className="muted">{of}</div>}
            </>
          ),
        },
        { key: "used", label: t("identities.lastUsed"), cell: ({ lastUsedAt }) => <Time at={lastUsedAt} relative /> },
        {
          key: "disconnect",
          label: "",
          tight: true,
          cell: ({ id, provider }) => (
            <Confirm
              trigger={
                <Button small kind="danger">
                  {t("identities.disconnect")}
                </Button>
              }
              title={t("identities.disconnectTitle", { name: provider })}
              text={t("identities.disconnectText")}
              action={t("identities.disconnect")}
              danger
              onConfirm={() => disconnect(id)}
            />
          ),
        },
      ]}
    >
      {connect.error !== null && <ErrorText error={connect.error} />}
    </ListSection>
  );
}
