import { useMutation } from "@tanstack/react-query";
import { Send } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button } from "../components/button.tsx";
import { FormError } from "../components/form.tsx";
import { hasSeparateIngest } from "../lib/base.ts";
import { httpStatus } from "../lib/http-status.ts";

const EXAMPLE = '{"type": "example.sent", "data": {"number": 1.0, "from": "this page"}}';

/** Sends a test request to the capture URL. */
export function SendToCapture({ url }: { readonly url: string }) {
  const { t } = useTranslation();
  const send = useMutation({ mutationFn: () => sendExample(url) });
  return (
    <>
      <Button small onClick={() => send.mutate()} disabled={send.isPending}>
        <Send aria-hidden />
        {t("capture.send")}
      </Button>
      <span role="status">
        {send.data !== undefined &&
          (send.data.type === "opaque"
            ? t("capture.sent")
            : t("attempts.httpStatus", { status: httpStatus(send.data.status) }))}
      </span>
      <FormError error={send.error} />
    </>
  );
}

function sendExample(url: string): Promise<Response> {
  // Another origin does not let this page read the response, or send JSON without a preflight.
  if (hasSeparateIngest()) return fetch(url, { method: "POST", mode: "no-cors", body: EXAMPLE });
  // The content security policy limits the page to its own server, so only the path of the URL is used.
  const headers = { "content-type": "application/json" };
  return fetch(new URL(url).pathname, { method: "POST", headers, body: EXAMPLE });
}
