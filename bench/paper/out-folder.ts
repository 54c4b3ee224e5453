/** Where figures go: docs/results has one size of each, which no other may overwrite. */
import { join } from "node:path";

const publishedFolder = "docs/results/paper";
const workFolder = ".reproduce";

export function defaultFolder(size: string, published: string): string {
  return size === published ? publishedFolder : join(workFolder, size);
}

/** For the help. */
export function defaultFolderWords(published: string): string {
  return `default: ${publishedFolder} with size ${published}, else ${workFolder}/SIZE`;
}
