/** Explains how to poll for events in networks that cannot receive inbound requests, with commands for the API. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Button } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { Copy } from "../components/copy.tsx";
import { Card, Columns, Page, Section } from "../components/page.tsx";
import { Table } from "../components/table.tsx";
import { useLiveRefresh } from "../live/use-live.ts";
import { useAudience } from "../session/audience.ts";
import { useApplication } from "../session/use-application.ts";
import { useSession } from "../session/use-session.ts";
import { baseUrl } from "../lib/base.ts";
import { timeColumn } from "../components/list-page.tsx";

const AUTHORISATION = '  -H "authorization: Bearer $POSTHORN_TOKEN"';

export function PortalFeed() {
  const { t } = useTranslation();
  const app = useApplication();
  const base = `${baseUrl()}/api/v1/app/${app}/msg`;
  const commands = {
    begin: `curl "${base}?limit=50&after=2026-01-01T00:00:00Z" \\\n${AUTHORISATION}`,
    go: `curl "${base}?limit=50&iterator=$PREV_ITERATOR" \\\n${AUTHORISATION}`,
    live: `curl -N "${baseUrl()}/api/v1/live" \\\n${AUTHORISATION}`,
  };
  return (
    <Page title={t("portal.nav.feed")} lead={t("portal.feed.lead")}>
      <Columns>
        <Card title={t("portal.feed.poll")} lead={t("portal.feed.begin")}>
          <CodeBlock label={t("portal.feed.begin")} text={commands.begin} />
          <p className="muted">{t("portal.feed.go")}</p>
          <CodeBlock label={t("portal.feed.go")} text={commands.go} />
        </Card>
        <Card title={t("portal.feed.live")} lead={t("portal.feed.liveLead")}>
          <CodeBlock label={t("portal.feed.live")} text={commands.live} />
          <Token />
        </Card>
      </Columns>
      <Newest app={app} />
    </Page>
  );
}

/** Offers the token of this session for a first try. It expires with the session. */
function Token() {
  const { t } = useTranslation();
  const session = useSession();
  const [shown, setShown] = useState(false);
  return (
    <>
      <p className="muted">{t("portal.feed.token")}</p>
      <p>
        {shown ? (
          <Copy label={t("portal.feed.copyToken")} text={session?.token ?? ""} />
        ) : (
          <Button small onClick={() => setShown(true)}>
            {t("portal.feed.useToken")}
          </Button>
        )}
      </p>
    </>
  );
}

function Newest({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const audience = useAudience();
  const list = useList(["feed", app], (page) =>
    must(
      api.GET("/api/v1/app/{app_id}/msg", {
        params: { path: { app_id: app }, query: { ...page, with_content: false } },
      }),
    ),
  );
  useLiveRefresh([["feed", app]], (event) => event.type === "message.accepted");
  return (
    <Section title={t("portal.feed.newest")}>
      <Table
        label={t("portal.feed.newest")}
        list={list}
        rowKey={(row) => row.id}
        linked
        empty={t("messages.none")}
        columns={[
          {
            key: "id",
            label: t("messages.id"),
            cell: (row) => (
              <Link {...audience.message(app, row.id)}>
                <code>{row.id}</code>
              </Link>
            ),
          },
          { key: "type", label: t("messages.type"), cell: (row) => row.eventType },
          timeColumn(t("messages.time"), "timestamp"),
        ]}
      />
    </Section>
  );
}
