import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleX } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { TextField } from "../components/form.tsx";
import styles from "./url-field.module.css";

const PAUSE_MS = 400;

/** URL field that checks while typing whether deliveries to the URL are allowed. */
export function UrlField({ app, value = "" }: { readonly app: string; readonly value?: string }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(value);
  const [asked, setAsked] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setAsked(typed.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const check = useQuery({
    queryKey: ["check-url", app, asked],
    queryFn: () =>
      must(api.POST("/api/v1/app/{app_id}/check-url", { params: { path: { app_id: app } }, body: { url: asked } })),
    enabled: URL.canParse(asked),
    retry: false,
  });
  const result = asked === typed.trim() ? check.data : undefined;
  return (
    <div className={styles["field"]}>
      <TextField
        name="url"
        type="url"
        label={t("endpoints.url")}
        value={value}
        placeholder="https://example.com/webhooks"
        required
        onValue={setTyped}
      />
      <p className={styles["result"]} role="status" data-tone={tone(result?.allowed)}>
        {result === undefined ? (
          t("portal.url.help")
        ) : result.allowed ? (
          <>
            <CircleCheck aria-hidden /> {t("portal.url.good")}
          </>
        ) : (
          <>
            <CircleX aria-hidden /> {result.message}
          </>
        )}
      </p>
    </div>
  );
}

function tone(allowed: boolean | undefined): string {
  return allowed === undefined ? "none" : allowed ? "good" : "bad";
}
