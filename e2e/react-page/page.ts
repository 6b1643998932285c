/** A page of a product with the known React component and all of its hooks. Writes their results to `#found` as JSON. */
import { createElement, type ReactElement, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import {
  AppPortal,
  SvixProvider,
  useAttemptedMessages,
  useAttemptFunctions,
  useEndpoint,
  useEndpointFunctions,
  useEndpointHeaders,
  useEndpointMessageAttempts,
  useEndpoints,
  useEndpointSecret,
  useEndpointStats,
  useEventTypes,
  useMessage,
  useMessageAttempts,
  useMessageEndpoints,
  useMessages,
  useNewEndpoint,
  useSvix,
} from "svix-react";

interface Settings {
  readonly server: string;
  readonly token: string;
  readonly portal: string;
  readonly app: string;
  readonly endpoint: string;
  readonly message: string;
}

declare global {
  interface Window {
    settings: Settings;
    /** Calls a function of a hook and returns its result. */
    act: (name: string) => Promise<unknown>;
  }
}

function Hooks({ endpoint: id, message: messageId }: Settings): ReactElement {
  const { appId } = useSvix();
  const endpoints = useEndpoints();
  const endpoint = useEndpoint(id);
  const secret = useEndpointSecret(id);
  const stats = useEndpointStats(id);
  const headers = useEndpointHeaders(id);
  const attempts = useEndpointMessageAttempts(id);
  const attempted = useAttemptedMessages(id);
  const types = useEventTypes();
  const messages = useMessages();
  const message = useMessage(messageId);
  const messageEndpoints = useMessageEndpoints(messageId);
  const messageAttempts = useMessageAttempts(messageId);
  const found = {
    appId,
    endpoints: endpoints.data?.length,
    url: endpoint.data?.url,
    secret: secret.data?.key.slice(0, 6),
    stats: stats.data?.success,
    headers: headers.data?.headers,
    attempts: attempts.data?.length,
    attempted: attempted.data?.length,
    types: types.data?.length,
    messages: messages.data?.length,
    message: message.data?.eventType,
    messageEndpoints: messageEndpoints.data?.length,
    messageAttempts: messageAttempts.data?.length,
  };
  const first = attempts.data?.[0];
  return createElement(
    "div",
    null,
    createElement("pre", { id: "found" }, JSON.stringify(found)),
    first === undefined ? null : createElement(Functions, { id, attempt: first }),
  );
}

type Attempt = Parameters<typeof useAttemptFunctions>[0];

function Functions({ id, attempt }: { readonly id: string; readonly attempt: Attempt }): null {
  const secret = useEndpointSecret(id);
  const headers = useEndpointHeaders(id);
  const endpoint = useEndpointFunctions(id);
  const { resendAttempt } = useAttemptFunctions(attempt);
  const created = useNewEndpoint();
  const [wanted, setWanted] = useState<((value: unknown) => void) | null>(null);
  const { createEndpoint, url } = created;
  useEffect(() => {
    if (wanted !== null && url.value !== "") void createEndpoint().then(wanted);
  }, [createEndpoint, url.value, wanted]);
  useEffect(() => {
    const acts: Readonly<Record<string, () => Promise<unknown>>> = {
      rotate: () => secret.rotateSecret({}),
      setHeaders: () => headers.updateEndpointHeaders({ headers: { "x-one": "1" } }),
      patchHeaders: () => headers.patchEndpointHeaders({ headers: { "x-two": "2" } }),
      recover: () => endpoint.recoverEndpointMessages({ since: new Date(Date.now() - 3_600_000) }),
      update: () => endpoint.updateEndpoint({ url: "https://example.com/renamed" }),
      resend: () => resendAttempt(),
      create: () =>
        new Promise((resolve) => {
          url.setValue("https://example.com/made-by-a-hook");
          setWanted(() => resolve);
        }),
      delete: () => endpoint.deleteEndpoint(),
    };
    window.act = (name) => acts[name]!();
  });
  return null;
}

function Page(settings: Settings): ReactElement {
  const { server, token, app, portal } = settings;
  const provider = { token, appId: app, options: { serverUrl: server } };
  return createElement(
    "div",
    null,
    createElement(SvixProvider, { ...provider, children: createElement(Hooks, settings) }),
    createElement(AppPortal, {
      url: portal,
      darkMode: true,
      fontFamily: "Georgia",
      primaryColor: "#28bb93",
      fullSize: true,
    }),
  );
}

createRoot(document.querySelector("#root")!).render(createElement(Page, window.settings));
