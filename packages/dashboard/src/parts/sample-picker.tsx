import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { SelectField } from "../components/form.tsx";
import { useTimeFormat } from "../components/time.tsx";

const SHOWN = 50;

export interface SamplePickerProps {
  readonly app: string;
  readonly value: string;
  readonly onChange: (message: string) => void;
}

/** Selects a past message for a test. */
export function SamplePicker({ app, value, onChange }: SamplePickerProps) {
  const { t } = useTranslation();
  const messages = useQuery({
    queryKey: ["samples", app],
    queryFn: () =>
      must(
        api.GET("/api/v1/app/{app_id}/msg", {
          params: { path: { app_id: app }, query: { limit: SHOWN, with_content: false } },
        }),
      ),
  });
  const moment = useTimeFormat({ dateStyle: "short", timeStyle: "short" });
  return (
    <SelectField
      label={t("tryIt.message")}
      help={t("tryIt.messageHelp")}
      value={value}
      onChange={onChange}
      choices={[
        { value: "", label: messages.data?.data.length === 0 ? t("tryIt.noMessages") : t("tryIt.choose") },
        ...(messages.data?.data.map(({ id, eventType, timestamp }) => ({
          value: id,
          label: `${eventType} · ${moment.format(new Date(timestamp))}`,
        })) ?? []),
      ]}
    />
  );
}
