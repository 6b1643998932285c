/** Pulling events in networks that cannot receive inbound requests: commands for the API, consumers and tokens. */
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
import { feedSnippets, feedUrl } from "../lib/feed.ts";
import { Feed } from "../parts/feed.tsx";
import { timeColumn } from "../components/list-page.tsx";

export function PortalFeed() {
  const { t } = useTranslation();
  const app = useApplication();
  const commands = feedSnippets(feedUrl(app, null));
  return (
    <Page title={t("portal.nav.feed")} lead={t("portal.feed.lead")}>
      <Columns>
        <Card title={t("portal.feed.poll")} lead={t("portal.feed.begin")}>
          <CodeBlock label={t("feed.poll")} text={commands.poll} />
          <p className="muted">{t("portal.feed.go")}</p>
          <CodeBlock label={t("feed.commit")} text={commands.commit} />
        </Card>
        <Card title={t("portal.feed.live")} lead={t("portal.feed.liveLead")}>
          <CodeBlock label={t("feed.stream")} text={commands.stream} />
          <Token />
        </Card>
      </Columns>
      <Feed app={app} endpoint={null} />
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
