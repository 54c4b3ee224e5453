/** Colours for a terminal that wants them. */
import { styleText } from "node:util";

export interface Style {
  strong(text: string): string;
  faint(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

const plain: Style = { strong: String, faint: String, good: String, bad: String };
const colored: Style = {
  strong: (text) => styleText("bold", text),
  faint: (text) => styleText("dim", text),
  good: (text) => styleText("green", text),
  bad: (text) => styleText("yellow", text),
};

export function createStyle({ color }: { readonly color: boolean }): Style {
  return color && !process.env["NO_COLOR"] ? colored : plain;
}
