import { useParams } from "@tanstack/react-router";
import { MessageView } from "../parts/message-view.tsx";

export function MessagePage() {
  const { app, message } = useParams({ from: "/operator/applications/$app/messages/$message" });
  return <MessageView app={app} id={message} />;
}
