import { useParams } from "@tanstack/react-router";
import { AttemptView } from "../parts/attempt-view.tsx";
import { MessageView } from "../parts/message-view.tsx";

export function MessagePage() {
  const { app, message } = useParams({ from: "/operator/applications/$app/messages/$message" });
  return <MessageView key={message} app={app} id={message} />;
}

export function AttemptPage() {
  const { app, message, attempt } = useParams({
    from: "/operator/applications/$app/messages/$message/attempts/$attempt",
  });
  return <AttemptView key={attempt} app={app} message={message} id={attempt} />;
}
