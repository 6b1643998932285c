import { type KindText, textParts } from "../lib/kind-texts.ts";

/** Text with code and names from other products. Marked as English if it is not translated. */
export function RichText({ text, isEnglish }: KindText) {
  const parts = textParts(text).map((part, index) => {
    if (part.kind === "code") return <code key={index}>{part.text}</code>;
    if (part.kind === "english") {
      return (
        <b key={index} lang="en">
          {part.text}
        </b>
      );
    }
    return part.text;
  });
  return isEnglish ? <span lang="en">{parts}</span> : <>{parts}</>;
}
