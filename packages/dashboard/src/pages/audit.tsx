import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Download, ShieldCheck } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { Dialog } from "../components/dialog.tsx";
import { ListPage, timeColumn } from "../components/list-page.tsx";
import { Facts } from "../components/page.tsx";
import { Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { type AuditFilter, auditQuery } from "../lib/audit-filter.ts";
import { download } from "../lib/download.ts";
import { formatNumber } from "../lib/format.ts";
import { ListFilters, withFilter } from "../parts/list-filters.tsx";
import styles from "../parts/message-list.module.css";
import { Views } from "../parts/views.tsx";

type Entry = components["schemas"]["AuditEntryOut"];
type Verification = components["schemas"]["AuditVerificationOut"];

const RANGES = ["24h", "7d", "30d"] as const;

/** The audit log: who changed or viewed what. */
export function AuditLog() {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/audit" });
  const filter = useSearch({ from: "/operator/audit" });
  const list = useList(["audit", filter], (page) =>
    must(api.GET("/api/v1/audit", { params: { query: { ...page, ...auditQuery(filter, Date.now()) } } })),
  );
  const change = (name: string, value: string): void =>
    void navigate({ search: withFilter(filter, name === "search" ? "target" : name, value) as AuditFilter });
  const any = (label: string) => ({ value: "", label });
  return (
    <ListPage
      title={t("audit.title")}
      lead={t("audit.lead")}
      actions={
        <>
          <Views list="audit" filter={filter} />
          <Actions filter={filter} />
        </>
      }
      list={list}
      rowKey={(row) => String(row.sequence)}
      empty={t("audit.none")}
      columns={[
        { key: "action", label: t("audit.action"), cell: (row) => <EntryDialog entry={row} /> },
        { key: "actor", label: t("audit.actor"), cell: (row) => <ActorName actor={row.actor} /> },
        {
          key: "target",
          label: t("audit.target"),
          cell: (row) => (
            <span className={styles["short"]} title={row.target?.id ?? ""}>
              {row.target === null ? "–" : (row.target.name ?? row.target.id ?? row.target.kind)}
            </span>
          ),
        },
        {
          key: "type",
          label: t("audit.type"),
          tight: true,
          cell: (row) => <Badge>{t(`audit.types.${row.type}`)}</Badge>,
        },
        { key: "ip", label: t("audit.ip"), wideOnly: true, cell: (row) => row.ip ?? "–" },
        timeColumn(t("messages.time"), "timestamp"),
      ]}
    >
      <ListFilters
        search={{ label: t("audit.search"), value: filter.target }}
        choices={[
          {
            name: "type",
            label: t("audit.type"),
            value: filter.type,
            choices: [
              any(t("audit.anyType")),
              ...(["change", "view"] as const).map((value) => ({ value, label: t(`audit.types.${value}`) })),
            ],
          },
          {
            name: "by",
            label: t("audit.actor"),
            value: filter.by,
            choices: [
              any(t("audit.anyActor")),
              ...(["user", "key", "token", "application", "link", "system"] as const).map((value) => ({
                value,
                label: t(`audit.actors.${value}`),
              })),
            ],
          },
          {
            name: "range",
            label: t("filters.range"),
            value: filter.range,
            choices: [
              any(t("audit.anyTime")),
              ...RANGES.map((value) => ({ value, label: t(`audit.ranges.${value}`) })),
            ],
          },
        ]}
        onChange={change}
      />
    </ListPage>
  );
}

function Actions({ filter }: { readonly filter: AuditFilter }) {
  const { t } = useTranslation();
  const verification = useMutation({ mutationFn: () => must(api.GET("/api/v1/audit/verification")) });
  const exporting = useMutation({
    mutationFn: async () => {
      const query = auditQuery(filter, Date.now());
      const text = await must(api.GET("/api/v1/audit/export", { params: { query }, parseAs: "text" }));
      download("posthorn-audit.ndjson", text, "application/x-ndjson");
    },
  });
  const [open, setOpen] = useState(false);
  return (
    <>
      <Dialog
        trigger={
          <Button>
            <ShieldCheck aria-hidden />
            {t("audit.verify")}
          </Button>
        }
        title={t("audit.verify")}
        open={open}
        onOpenChange={(next) => {
          setOpen(next);
          if (next) verification.mutate();
        }}
        wide
      >
        {verification.error !== null && <Note tone="bad">{verification.error.message}</Note>}
        {verification.isPending && <p className="muted">{t("audit.verifying")}</p>}
        {verification.data !== undefined && <VerificationResult result={verification.data} />}
      </Dialog>
      <Button disabled={exporting.isPending} onClick={() => exporting.mutate()}>
        <Download aria-hidden />
        {t("audit.export")}
      </Button>
      {exporting.error !== null && <Note tone="bad">{exporting.error.message}</Note>}
    </>
  );
}

function VerificationResult({ result }: { readonly result: Verification }) {
  const { t, i18n } = useTranslation();
  const { intact, checked, complete, head, problems, publicKey } = result;
  const counts = { count: checked, entries: formatNumber(i18n.language, checked) };
  return (
    <>
      <Note tone={intact ? "good" : "bad"}>{t(intact ? "audit.intact" : "audit.broken", counts)}</Note>
      {!complete && <p className="muted">{t("audit.partial")}</p>}
      {problems.length > 0 && (
        <ul>
          {problems.map(({ code, sequence, message }) => (
            <li key={`${code} ${String(sequence)}`}>{message}</li>
          ))}
        </ul>
      )}
      {head !== null && (
        <Facts
          facts={[
            [t("audit.sequence"), String(head.sequence)],
            [t("audit.hash"), <code key="hash">{head.hash}</code>],
            [t("audit.publicKey"), <code key="key">{publicKey}</code>],
          ]}
        />
      )}
    </>
  );
}

function ActorName({ actor }: { readonly actor: Entry["actor"] }) {
  const { t } = useTranslation();
  return (
    <span className={styles["short"]} title={actor.id ?? ""}>
      {actor.name ?? actor.id ?? t(`audit.actors.${actor.kind}`)}
    </span>
  );
}

function EntryDialog({ entry }: { readonly entry: Entry }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const { actor, target, application, ip, userAgent, sequence, timestamp, hash, detail } = entry;
  return (
    <Dialog
      trigger={
        <Button small kind="quiet">
          {entry.action.replace(/^v1\./, "")}
        </Button>
      }
      title={entry.action}
      open={open}
      onOpenChange={setOpen}
      wide
    >
      <Facts
        facts={[
          [t("audit.sequence"), String(sequence)],
          [t("messages.time"), <Time key="at" at={timestamp} />],
          [t("audit.actor"), [t(`audit.actors.${actor.kind}`), actor.name, actor.id].filter(Boolean).join(" · ")],
          [
            t("audit.target"),
            target === null ? "–" : [target.kind, target.name, target.id].filter(Boolean).join(" · "),
          ],
          [t("applications.one"), application ?? "–"],
          [t("audit.ip"), ip ?? "–"],
          [t("audit.userAgent"), userAgent ?? "–"],
          [t("audit.hash"), <code key="hash">{hash}</code>],
        ]}
      />
      <CodeBlock label={t("audit.detail")} text={JSON.stringify(detail, null, 2)} />
    </Dialog>
  );
}
