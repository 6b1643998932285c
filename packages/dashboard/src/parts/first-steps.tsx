/** Actions of the first steps: publish a message to a test receiver, open and embed the portal, and set up an alert. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ExternalLink, KeyRound, Send } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Allowed } from "../components/allowed.tsx";
import { Button } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { FormError } from "../components/form.tsx";
import { baseUrl } from "../lib/base.ts";
import { DEMO, DEMO_PAYLOAD, DEMO_TYPE, testReceiver } from "../lib/first-run.ts";
import { curlOf, portalLink } from "../lib/api-command.ts";
import { embedCode } from "../lib/embed-code.ts";
import { scopesOf } from "../lib/permissions.ts";
import styles from "../pages/first-run.module.css";
import { AlertRuleDialog } from "./alert-rule-dialog.tsx";
import { NewAlertTarget } from "./new-alert-target.tsx";
import { PublishCode } from "./publish-code.tsx";
import { useAlertTargets } from "./use-alert-targets.ts";

const DEMO_PATH = { app_id: DEMO } as const;

export function SendStep({ isDone }: { readonly isDone: boolean }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const receiverName = t("firstRun.receiverName");
  const send = useMutation({
    mutationFn: () => sendDemo(receiverName),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ["first-run"] });
      await navigate({ to: "/applications/$app/messages/$message", params: { app: DEMO, message: id } });
    },
  });
  return (
    <>
      <div className={styles["row"]}>
        <Allowed to="sources:write">
          <Allowed to="endpoints:write">
            <Allowed to="messages:publish">
              <Button
                needs="applications:write"
                kind={isDone ? "plain" : "primary"}
                onClick={() => send.mutate()}
                disabled={send.isPending}
              >
                <Send aria-hidden />
                {t(isDone ? "firstRun.sendAgain" : "firstRun.send")}
              </Button>
            </Allowed>
          </Allowed>
        </Allowed>
        {isDone && <DemoLinks />}
      </div>
      <FormError error={send.error} />
      {isDone && (
        <PublishCode target={{ url: baseUrl(), ...DEMO_TARGET }}>
          <DemoKey />
        </PublishCode>
      )}
    </>
  );
}

/**
 * Creates the application, and an endpoint at a capture, unless they exist. Then publishes the message. A receiver that has expired is replaced.
 */
async function sendDemo(receiverName: string): Promise<{ readonly id: string }> {
  await must(
    api.POST("/api/v1/app", { params: { query: { get_if_exists: true } }, body: { name: "Demo", uid: DEMO } }),
  );
  if ((await demoReceiver()) === null) {
    const body = testReceiver(receiverName, Date.now());
    const { ingestUrl } = await must(api.POST("/ingest/api/v1/source", { body }));
    await must(
      api.PUT("/api/v1/app/{app_id}/endpoint/{endpoint_id}", {
        params: { path: { ...DEMO_PATH, endpoint_id: DEMO } },
        body: { url: ingestUrl ?? "", uid: DEMO, description: receiverName },
      }),
    );
  }
  return must(
    api.POST("/api/v1/app/{app_id}/msg", {
      params: { path: DEMO_PATH },
      body: { eventType: DEMO_TYPE, payload: JSON.parse(DEMO_PAYLOAD) as Record<string, never> },
    }),
  );
}

/** ID of the live capture at which the endpoint of the application is; `null`: there is none. */
async function demoReceiver(): Promise<string | null> {
  const { data: endpoints } = await must(api.GET("/api/v1/app/{app_id}/endpoint", { params: { path: DEMO_PATH } }));
  const url = endpoints.find(({ uid }) => uid === DEMO)?.url;
  if (url === undefined) return null;
  const query = { limit: 250, order: "descending" } as const;
  const { data: sources } = await must(api.GET("/ingest/api/v1/source", { params: { query } }));
  return sources.find(({ ingestUrl }) => ingestUrl === url)?.id ?? null;
}

function DemoLinks() {
  const { t } = useTranslation();
  const receiver = useQuery({ queryKey: ["first-run", "receiver"], queryFn: demoReceiver, retry: false });
  const newest = useQuery({
    queryKey: ["first-run", "demo"],
    queryFn: () => must(api.GET("/api/v1/message", { params: { query: { app_id: DEMO, limit: 1 } } })),
    retry: false,
  });
  const message = newest.data?.data[0]?.id;
  return (
    <>
      {message !== undefined && (
        <Link to="/applications/$app/messages/$message" params={{ app: DEMO, message }}>
          {t("firstRun.timeline")}
        </Link>
      )}
      {typeof receiver.data === "string" && (
        <Link to="/capture/$source" params={{ source: receiver.data }}>
          {t("firstRun.receiver")}
        </Link>
      )}
    </>
  );
}

const DEMO_TARGET = { app: DEMO, eventType: DEMO_TYPE, payload: DEMO_PAYLOAD };

function DemoKey() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () =>
      must(
        api.POST("/api/v1/auth/api-key", {
          body: { name: "Demo", description: "", scopes: scopesOf("publish", [], [DEMO]) },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["keys"] }),
  });
  if (create.data !== undefined) {
    return <CodeBlock label={t("firstRun.key")} text={`export POSTHORN_TOKEN="${create.data.token}"`} />;
  }
  return (
    <Allowed to="keys:manage">
      <div className={styles["row"]}>
        <Button small onClick={() => create.mutate()} disabled={create.isPending}>
          <KeyRound aria-hidden />
          {t("firstRun.createKey")}
        </Button>
        <span className="muted">{t("firstRun.keyLead")}</span>
      </div>
      <FormError error={create.error} />
    </Allowed>
  );
}

interface PortalStepProps {
  /** Whether the application of the first step can exist. */
  readonly hasDemo: boolean;
  readonly onOpened: () => void;
}

export function PortalStep({ hasDemo, onOpened }: PortalStepProps) {
  const { t } = useTranslation();
  const open = useMutation({
    mutationFn: async (page: Window | null) => {
      const { url } = await must(
        api.POST("/api/v1/auth/app-portal-access/{app_id}", { params: { path: DEMO_PATH }, body: {} }),
      );
      if (page !== null) page.location.href = url;
    },
    onSuccess: onOpened,
    onError: (_error, page) => page?.close(),
  });
  if (!hasDemo) return <p className="muted">{t("firstRun.portalNeedsDemo")}</p>;
  return (
    <>
      <Button
        needs="tokens:issue"
        // Opened before the response, because browsers block windows that are not opened by a click.
        onClick={() => open.mutate(window.open("about:blank", "_blank"))}
        disabled={open.isPending}
      >
        <ExternalLink aria-hidden />
        {t("firstRun.portal")}
      </Button>
      <FormError error={open.error} />
      <details>
        <summary>{t("firstRun.embed")}</summary>
        <div className={styles["code"]}>
          <p className="muted">{t("firstRun.embedLead")}</p>
          <CodeBlock label={t("firstRun.embedServer")} text={curlOf(portalLink(DEMO))} />
          <CodeBlock label={t("firstRun.embedPage")} text={embedCode(baseUrl())} />
        </div>
      </details>
    </>
  );
}

/** Creates a recipient, and then a rule that notifies it. */
export function AlertStep({ isDone }: { readonly isDone: boolean }) {
  const { t } = useTranslation();
  const targets = useAlertTargets();
  if (isDone) {
    return (
      <Link to="/settings" search={{ tab: "alerts" }}>
        {t("firstRun.alerts")}
      </Link>
    );
  }
  if (targets === undefined) return null;
  return (
    <div className={styles["row"]}>
      {targets.length === 0 ? <NewAlertTarget /> : <AlertRuleDialog targets={targets} />}
      <span className="muted">{t(targets.length === 0 ? "firstRun.alertRecipient" : "firstRun.alertRule")}</span>
    </div>
  );
}
