import { useMutation } from "@tanstack/react-query";
import { Send } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button } from "../components/button.tsx";
import { FormError } from "../components/form.tsx";

const EXAMPLE = '{"type": "example.sent", "data": {"number": 1.0, "from": "this page"}}';

/** Sends a request to the URL as a sender would. The page may call its own server alone, so the path is what counts. */
export function SendToCapture({ url }: { readonly url: string }) {
  const { t } = useTranslation();
  const send = useMutation({
    mutationFn: () =>
      fetch(new URL(url).pathname, { method: "POST", headers: { "content-type": "application/json" }, body: EXAMPLE }),
  });
  return (
    <>
      <Button small onClick={() => send.mutate()} disabled={send.isPending}>
        <Send aria-hidden />
        {t("capture.send")}
      </Button>
      <span role="status">{send.data !== undefined && t("capture.answered", { status: send.data.status })}</span>
      <FormError error={send.error} />
    </>
  );
}
