import { useTranslation } from "react-i18next";
import { errorText } from "../lib/server-text.ts";
import { ServerSentence } from "./server-sentence.tsx";

/** Error message in the language of the page if its code has a translation. */
export function ErrorText({ error }: { readonly error: Error }) {
  const { i18n } = useTranslation();
  return <ServerSentence {...errorText(i18n, error)} />;
}
