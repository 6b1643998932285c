import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { fixedList } from "../api/list.ts";
import { Card, Facts, Section } from "../components/page.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { DISK_WARNING_DAYS } from "../lib/disk-forecast.ts";
import { formatBytes, formatCompact, formatNumber } from "../lib/format.ts";

/** Storage in use, retention by kind of data, and the disk forecast. */
export function Storage() {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  const storage = useQuery({ queryKey: ["storage"], queryFn: () => must(api.GET("/api/v1/stats/storage")) });
  if (storage.error !== null) return <Failed error={storage.error} retry={() => void storage.refetch()} />;
  if (storage.data === undefined) return <Loading />;
  const { bytes, freeBytes, disk, kinds, bytesADay, steadyBytes, fullInDays } = storage.data;
  const size = (value: number): string => formatBytes(language, value);
  return (
    <>
      {fullInDays !== null && (
        <Note tone={fullInDays < DISK_WARNING_DAYS ? "bad" : "warn"}>{t("storage.full", { count: fullInDays })}</Note>
      )}
      <Card title={t("storage.title")} lead={t("storage.lead")}>
        <Facts
          facts={[
            [t("storage.database"), size(bytes)],
            [t("storage.freed"), size(freeBytes)],
            [
              t("storage.disk"),
              disk === null ? "–" : t("storage.freeOf", { free: size(disk.freeBytes), all: size(disk.bytes) }),
            ],
            [t("storage.aDay"), size(bytesADay)],
            [t("storage.steady"), size(steadyBytes)],
            [t("storage.left"), fullInDays === null ? t("storage.never") : t("storage.days", { count: fullInDays })],
          ]}
        />
      </Card>
      <Section title={t("storage.kinds")}>
        <Table
          label={t("storage.kinds")}
          list={fixedList(kinds)}
          rowKey={(row) => row.kind}
          empty={t("storage.nothing")}
          columns={[
            { key: "kind", label: t("storage.kind"), cell: (row) => <strong>{t(`storage.of.${row.kind}`)}</strong> },
            { key: "rows", label: t("storage.rows"), end: true, cell: (row) => formatCompact(language, row.stored) },
            { key: "bytes", label: t("messages.size"), end: true, cell: (row) => size(row.bytes) },
            {
              key: "keep",
              label: t("storage.keep"),
              end: true,
              cell: (row) =>
                t("storage.daysShort", { count: row.keepDays, value: formatNumber(language, row.keepDays, 1) }),
            },
            { key: "day", label: t("storage.aDay"), end: true, cell: (row) => size(row.bytesADay) },
            { key: "steady", label: t("storage.steady"), end: true, cell: (row) => size(row.steadyBytes) },
          ]}
        />
      </Section>
    </>
  );
}
