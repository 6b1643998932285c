import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Eye, RefreshCw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Copyable } from "../components/copy.tsx";
import { Confirm } from "../components/dialog.tsx";
import { FormError } from "../components/form.tsx";
import formStyles from "../components/form.module.css";
import { Card } from "../components/page.tsx";
import { Time } from "../components/time.tsx";
import { RotateDialog } from "./rotate-dialog.tsx";

export interface PollerTokenProps {
  readonly app: string;
  readonly endpoint: string;
}

/** Token that reads the feed of one endpoint. It is created when it is first displayed. */
export function PollerToken({ app, endpoint }: PollerTokenProps) {
  const { t } = useTranslation();
  const path = { app_id: app, endpoint_id: endpoint };
  const queries = useQueryClient();
  const [revoked, setRevoked] = useState(false);
  const reveal = useMutation({
    mutationFn: () => must(api.GET("/api/v1/auth/app/{app_id}/poller/{endpoint_id}/token", { params: { path } })),
    onSuccess: async () => {
      setRevoked(false);
      await queries.invalidateQueries({ queryKey: tokensKey(endpoint) });
    },
  });
  const revoke = async (): Promise<void> => {
    await must(api.DELETE("/api/v1/auth/app/{app_id}/poller/{endpoint_id}/token", { params: { path } }));
    reveal.reset();
    setRevoked(true);
    await queries.invalidateQueries({ queryKey: tokensKey(endpoint) });
  };
  return (
    <Card title={t("feed.token")} lead={t("feed.tokenLead")}>
      <p>{reveal.data === undefined ? <code>sk_poll_••••••••••••••••</code> : <Copyable text={reveal.data.token} />}</p>
      <Tokens app={app} endpoint={endpoint} />
      <FormError error={reveal.error} />
      {revoked && <p role="status">{t("feed.revoked")}</p>}
      <div className={formStyles["foot"]} data-start>
        <Button
          needs="secrets:read"
          onClick={() => reveal.mutate()}
          disabled={reveal.isPending || reveal.data !== undefined}
        >
          <Eye aria-hidden />
          {t("actions.show")}
        </Button>
        <RotateDialog
          needs="endpoints:write"
          trigger={
            <Button>
              <RefreshCw aria-hidden />
              {t("feed.rotate")}
            </Button>
          }
          rotate={(oldTokenExpiry) =>
            must(
              api.POST("/api/v1/auth/app/{app_id}/poller/{endpoint_id}/token/rotate", {
                params: { path },
                body: { oldTokenExpiry },
              }),
            )
          }
          onRotated={() => reveal.mutate()}
        />
        <Confirm
          needs="endpoints:write"
          trigger={<Button kind="danger">{t("keys.revoke")}</Button>}
          title={t("feed.revokeTitle")}
          text={t("feed.revokeText")}
          action={t("keys.revoke")}
          danger
          onConfirm={revoke}
        />
      </div>
    </Card>
  );
}

/** Valid tokens without their values, once there is one. */
function Tokens({ app, endpoint }: PollerTokenProps) {
  const { t } = useTranslation();
  const path = { app_id: app, endpoint_id: endpoint };
  const tokens = useQuery({
    queryKey: tokensKey(endpoint),
    queryFn: () => must(api.GET("/api/v1/auth/app/{app_id}/poller/{endpoint_id}/token/list", { params: { path } })),
  });
  const rows = tokens.data?.data ?? [];
  if (rows.length === 0) return null;
  return (
    <ul aria-label={t("feed.tokens")}>
      {rows.map(({ id, tokenCensored, isCurrent, createdAt, expiresAt }) => (
        <li key={id}>
          <code>{tokenCensored}</code>{" "}
          <span className="muted">
            {t(isCurrent ? "feed.currentToken" : "feed.earlierToken")} · {t("applications.created")}{" "}
            <Time at={createdAt} relative />
            {expiresAt !== null && (
              <>
                {" · "}
                {t("feed.expires")} <Time at={expiresAt} relative />
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

function tokensKey(endpoint: string): readonly string[] {
  return ["poller-tokens", endpoint];
}
