/**
 * Text of strangers (names, reasons, notices) before it reaches a terminal: an escape sequence is a command
 * there, and a format character (\p{Cf}) turns the rest of the line round or hides.
 */
const controls = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Without control characters, so that it stays on its line, in its order, and moves no cursor. */
export function printable(text: string): string {
  return text.replace(controls, "\ufffd");
}

/** The same for JSON: those that JSON lets through are escaped, and nothing is lost. */
export function printableJson(value: object): string {
  return JSON.stringify(value).replace(controls, (control) =>
    control
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
