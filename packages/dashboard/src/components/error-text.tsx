import { useTranslation } from "react-i18next";
import { errorText } from "../lib/server-text.ts";
import { ServerSentence } from "./server-sentence.tsx";

/** Message of an error in the language of the page, as far as its code is known. */
export function ErrorText({ error }: { readonly error: Error }) {
  const { i18n } = useTranslation();
  return <ServerSentence {...errorText(i18n, error)} />;
}
